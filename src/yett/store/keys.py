"""API keys: made, listed, revoked, and as the gateway is told of them. A key itself is never kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from yett.openapi.json_types import is_array
from yett.policy.read import PlanFile
from yett.store.database import open_database
from yett.store.error import StoreError
from yett.store.secrets import pepper, store_url
from yett.store.tables import ApiKeyRow, RevisionRow

PREFIX = "yett_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; `expires` and `revoked` are Unix seconds."""

    id: str
    subject: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    created: int
    expires: int | None
    revoked: int | None

    def state(self, now: int) -> str:
        """`in force`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "in force"


class Keys:
    """The API keys of one store."""

    def __init__(self, engine: Engine, pepper: str) -> None:
        """`pepper` is hex."""
        self._engine = engine
        self.pepper = pepper

    @classmethod
    def of(cls, file: PlanFile) -> Keys:
        """The keys of a plan's store, which is made where there is none. Raises `StoreError`."""
        return cls(open_database(store_url(file), file.folder.resolve()), pepper(file))

    def add(
        self, subject: str, now: int, scopes: Iterable[str] = (), roles: Iterable[str] = (), expires: int | None = None
    ) -> tuple[ApiKey, str]:
        """A new key for a subject: what is kept of it, and its text, which is kept nowhere. Raises `StoreError`."""
        text = PREFIX + secrets.token_urlsafe(32)
        row = ApiKeyRow(
            id=f"k_{secrets.token_hex(6)}",
            hmac=self._hmac(text),
            subject=subject,
            scopes=list(scopes),
            roles=list(roles),
            created=now,
            expires=expires,
            revoked=None,
        )
        with self._change() as session:
            session.add(row)
            session.flush()
            key = _key(row)
        return key, text

    def all(self) -> list[ApiKey]:
        """Every key, the oldest first. Raises `StoreError`."""
        with self._reading() as session:
            return list(map(_key, _rows(session, select(ApiKeyRow).order_by(ApiKeyRow.created, ApiKeyRow.id))))

    def revoke(self, name: str, now: int) -> list[ApiKey]:
        """Revokes the key with this id, or every key of this subject; gives those that were in force.

        Raises `StoreError`.
        """
        named = or_(ApiKeyRow.id == name, ApiKeyRow.subject == name)
        with self._change() as session:
            rows = _rows(session, select(ApiKeyRow).where(named, ApiKeyRow.revoked.is_(None)))
            for row in rows:
                row.revoked = now
            session.flush()
            keys = [_key(row) for row in rows]
        return keys

    def revision(self) -> int:
        """A number that is another one after every change. Raises `StoreError`."""
        with self._reading() as session:
            return session.scalar(select(RevisionRow.number)) or 0

    def in_force(self) -> tuple[int, list[dict[str, Any]]]:
        """The revision, and each key that is not revoked as the gateway is told of it: the engine judges `expires`.

        Raises `StoreError`.
        """
        with self._reading() as session:
            number = session.scalar(select(RevisionRow.number)) or 0
            rows = _rows(session, select(ApiKeyRow).where(ApiKeyRow.revoked.is_(None)).order_by(ApiKeyRow.id))
            return number, [_told(row) for row in rows]

    def _hmac(self, text: str) -> str:
        return hmac.new(bytes.fromhex(self.pepper), text.encode(), hashlib.sha256).hexdigest()

    @contextmanager
    def _reading(self) -> Generator[Session]:
        with _plainly("read"), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def _change(self) -> Generator[Session]:
        """A transaction that is seen as a change once it is whole; it holds others off from its start."""
        with _plainly("changed"), Session(self._engine, expire_on_commit=False) as session:
            session.execute(update(RevisionRow).values(number=RevisionRow.number + 1))
            yield session
            session.commit()


@contextmanager
def _plainly(done: str) -> Generator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"store: cannot be {done}: {str(error).splitlines()[0]}") from None


def _rows(session: Session, wanted: Select[ApiKeyRow]) -> list[ApiKeyRow]:
    """All of them, or what is wrong with the first that cannot be read: people and other programs can write there."""
    try:
        return list(session.scalars(wanted))
    except ValueError:
        name = next(id for id in session.scalars(select(ApiKeyRow.id)) if not _is_read(session, id))
        raise _strange(name) from None


def _is_read(session: Session, id: str) -> bool:
    try:
        session.get(ApiKeyRow, id)
    except ValueError:
        return False
    return True


def _strange(id: object) -> StoreError:
    expected = "what `yett keys` writes; mend or delete the row"
    return StoreError(f"store: found another content in the row {id!r} of api_keys, expected {expected}")


def _is_sound(row: ApiKeyRow) -> bool:
    texts = _are(str, row.id, row.subject)
    return texts and _are(int, row.created, row.expires or 0, row.revoked or 0) and _are_texts(row.scopes, row.roles)


def _are(kind: type, *values: object) -> bool:
    return all(isinstance(each, kind) for each in values)


def _are_texts(*lists: object) -> bool:
    return all(is_array(each) and _are(str, *each) for each in lists)


def _key(row: ApiKeyRow) -> ApiKey:
    if not _is_sound(row):
        raise _strange(row.id)
    return ApiKey(row.id, row.subject, tuple(row.scopes), tuple(row.roles), row.created, row.expires, row.revoked)


def _told(row: ApiKeyRow) -> dict[str, Any]:
    key = _key(row)
    return {
        "hmac": row.hmac,
        "id": key.id,
        "subject": key.subject,
        "scopes": row.scopes,
        "roles": row.roles,
        "expires": key.expires,
    }
