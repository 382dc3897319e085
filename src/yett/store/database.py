"""Opens the store's database, SQLite or PostgreSQL, and brings it to the newest form. Not what is in it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from yett.store.error import StoreError

NEWEST = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(url: str, folder: Path) -> Engine:
    """The database at `url`, migrated; a relative SQLite path is below `folder`.

    Raises `StoreError`.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "sqlite":
            parsed = _prepare_sqlite(parsed, folder)
        elif parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        else:
            raise StoreError(f"store: found {parsed.drivername}, expected sqlite or postgresql")
        engine = create_engine(parsed, poolclass=NullPool)
        if parsed.drivername == "sqlite":
            event.listen(engine, "connect", _set_sqlite)
        _migrate(engine)
    except ModuleNotFoundError as error:
        raise StoreError(f"store: {error.name} is not installed; `pip install 'yett[postgresql]'` brings it") from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"store: {error}") from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"store: cannot be opened: {str(error).splitlines()[0]}") from None
    return engine


def sqlite_path(url: str, folder: Path) -> Path | None:
    """The file of a SQLite URL; none for another database."""
    parsed = make_url(url)
    return folder / parsed.database if parsed.drivername == "sqlite" and parsed.database else None


def _prepare_sqlite(url: URL, folder: Path) -> URL:
    path = (folder / (url.database or "")).resolve()
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return url.set(database=str(path))


def _set_sqlite(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401 - SQLAlchemy's record, unused
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")


def _form(engine: Engine) -> str | None:
    """The form that the database has, none if it is new."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    present = _form(engine)
    if present == NEWEST:
        return
    if present is not None and present > NEWEST:
        raise StoreError(f"store: its form {present} is of a newer Yett, expected {NEWEST} or older")
    # Alembic takes longer to import than all else of a start, and a store is migrated once.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
