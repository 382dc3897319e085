"""Opens the store's database, SQLite or PostgreSQL, and brings it to the newest form. Not what is in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from yett.store.error import StoreError

NEWEST = "0001"
STATEMENT_MS = 2000
_PATIENCE = {
    "connect_timeout": "2",
    "tcp_user_timeout": "4000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "2",
}
_ALONE = "yett_alone"  # of an execution that holds every other process off
_LOCK = 0x79657474  # the advisory lock of PostgreSQL that stands for the same
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
            parsed = _prepare_postgresql(parsed)
        else:
            raise StoreError(f"store: found {parsed.drivername}, expected sqlite or postgresql")
        engine = create_engine(parsed, poolclass=NullPool)
        if parsed.drivername == "sqlite":
            event.listen(engine, "connect", _set_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        _migrate(engine)
    except ModuleNotFoundError as error:
        raise StoreError(f"store: {error.name} is not installed; `pip install 'yett[postgresql]'` brings it") from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"store: {error}") from None
    except ValueError:  # its text could hold a password
        raise StoreError("store: found a URL that cannot be read, expected postgresql://USER@HOST:PORT/NAME") from None
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"store: cannot be opened: {str(error).splitlines()[0]}") from None
    return engine


def sqlite_path(url: str, folder: Path) -> Path | None:
    """The file of a SQLite URL; none for another database."""
    parsed = make_url(url)
    return folder / parsed.database if parsed.drivername == "sqlite" and parsed.database else None


def _prepare_sqlite(url: URL, folder: Path) -> URL:
    path = (folder / (url.database or "")).resolve()
    with suppress(FileExistsError):  # closing a file that is there would take SQLite's own locks off it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return url.set(database=str(path))


def _prepare_postgresql(url: URL) -> URL:
    """With limits of time, unless the URL has its own: whoever waits for keys must hear that there are none."""
    options = url.query.get("options", ())
    said = [options] if isinstance(options, str) else list(options)
    bounded = {**_PATIENCE, **url.query, "options": " ".join([f"-c statement_timeout={STATEMENT_MS}", *said])}
    return url.set(drivername="postgresql+psycopg", query=bounded)


def _set_sqlite(connection: sqlite3.Connection, _: Any) -> None:  # noqa: ANN401 - SQLAlchemy's record, unused
    connection.isolation_level = (
        None  # transactions begin as `_begin_sqlite` says, with what changes tables in them too
    )
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    alone = connection.get_execution_options().get(_ALONE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")


def _form(connection: Connection) -> str | None:
    """The form that the database has, none if it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _is_newest(form: str | None) -> bool:
    if form is not None and form > NEWEST:
        raise StoreError(f"store: its form {form} is of a newer Yett, expected {NEWEST} or older")
    return form == NEWEST


def _migrate(engine: Engine) -> None:
    """Brings it to the newest form, whole or not at all; of several processes that open it first, one does."""
    with engine.connect() as connection:
        if _is_newest(_form(connection)):
            return
    with engine.connect().execution_options(**{_ALONE: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not _is_newest(_form(connection)):
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    # Alembic takes longer to import than all else of a start, and a store is migrated once.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
