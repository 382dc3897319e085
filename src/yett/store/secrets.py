"""Secrets that the plan names by `{env: NAME}` or `{file: PATH}`, and the pepper of API keys. None is ever printed."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from yett.policy.read import PlanFile
from yett.policy.secret import Secret, SecretError, read_secret
from yett.store.database import sqlite_path
from yett.store.error import StoreError

_HEX = re.compile(r"([0-9a-fA-F]{2}){32,512}")


def _read(secret: Secret, file: PlanFile, key: str) -> str:
    try:
        return read_secret(secret, file.folder)
    except SecretError as error:
        raise StoreError(str(error), file.place("store", key)) from None


def store_url(file: PlanFile) -> str:
    """Where the store is. Raises `StoreError`."""
    store = file.plan.store
    return _read(store.secret_url, file, "secret_url") if store.secret_url else store.url or "sqlite:///yett.db"


def pepper(file: PlanFile) -> str:
    """The pepper in hex; made where the plan names none and there is none yet. Raises `StoreError`."""
    named = file.plan.store.pepper
    if named is None:
        path = pepper_path(file)
        _make(path)
        named = Secret(file=str(path))
    value = _read(named, file, "pepper")
    if not _HEX.fullmatch(value):
        where = f"the environment variable {named.env}" if named.env else named.file
        text = f"found no pepper in {where}, expected 64 hex digits or more (`openssl rand -hex 32`)"
        raise StoreError(text, file.place("store", "pepper"))
    return value.lower()


def pepper_path(file: PlanFile) -> Path:
    """Where the pepper is when the plan does not say: beside the SQLite database, else beside the plan."""
    database = sqlite_path(store_url(file), file.folder.resolve())
    return database.with_suffix(".pepper") if database else file.folder.resolve() / "yett.pepper"


def _make(path: Path) -> None:
    """Write a new pepper, whole or not at all, unless one is there."""
    if path.exists():
        return
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            stream.write(secrets.token_hex(32) + "\n")
        os.link(partial, path)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"no pepper can be written to {path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
