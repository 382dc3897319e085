"""The tables of the store. A change here is a migration in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables of the store."""


class ApiKeyRow(Base):
    """One API key: its HMAC, whom it stands for, what it carries. Times are Unix seconds."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("hmac", name="api_keys_hmac"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    hmac: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    roles: Mapped[list[str]] = mapped_column(JSON)
    created: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int | None] = mapped_column(BigInteger)
    revoked: Mapped[int | None] = mapped_column(BigInteger)


class RevisionRow(Base):
    """One row: a number that grows in the transaction of every change, so that a poll sees it."""

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
