"""What a child is handed beside its sockets: the plan as a file, API keys, the pepper. Starts nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from yett.serve.sockets import CannotServe
from yett.store.error import StoreError

if TYPE_CHECKING:
    from yett.policy.compile import Compiled
    from yett.store.keys import Keys

DEADLINE_MS = 2000
Read = TypeVar("Read")


def keep_plan(compiled: Compiled) -> Path:
    """Writes the plan to `plans/<hash>.json` beside all that judged before it, whole. Raises `CannotServe`."""
    folder = (compiled.source.folder / compiled.source.plan.plans).resolve()
    path = folder / f"{compiled.hash}.json"
    partial = folder / f".{compiled.hash}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (path.exists() and path.read_bytes() == compiled.plan):
            with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
                stream.write(compiled.plan)
                os.fsync(stream.fileno())
            partial.replace(path)
    except OSError as error:
        raise CannotServe(
            f"{path} cannot be written ({error.strerror}); `plans:` in the plan names another folder"
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def uses_keys(compiled: Compiled) -> bool:
    """Whether some credential is a key of the store."""
    apis = compiled.source.plan.apis.values()
    return any(credential.api_key is not None for api in apis for credential in api.credentials.values())


def environment_secrets(compiled: Compiled) -> frozenset[str]:
    """The environment variables in which the plan's secrets are, and the one that PostgreSQL's library reads itself."""
    store = compiled.source.plan.store
    listeners = compiled.source.plan.gateway.listen
    keys = [pair.key for listen in listeners if listen.tls for pair in listen.tls.certificates]
    named = [each.env for each in (store.secret_url, store.pepper, *keys) if each is not None and each.env is not None]
    return frozenset([*named, "PGPASSWORD"])


def certificates(compiled: Compiled) -> list[dict[str, Any] | None]:
    """What each listener shows, keys included: for the child alone."""
    return [one.document if one else None for one in compiled.tls]


@dataclass(frozen=True)
class Found:
    """All keys in force, as a look at the store found them, and what had been told before that look."""

    before: int | None
    revision: int
    rows: list[dict[str, Any]]


def _open(compiled: Compiled) -> Keys:
    # A plan without keys need not wait for what opens databases.
    from yett.store.keys import Keys  # noqa: PLC0415

    return Keys.of(compiled.source)


class Stock:
    """The store of one plan, if the plan uses it, and which of its changes was told last."""

    def __init__(self, compiled: Compiled) -> None:
        """Open the store; raises `CannotServe`."""
        self._told: int | None = None
        self._store = compiled.source.plan.store
        try:
            self._keys = _open(compiled) if uses_keys(compiled) else None
        except StoreError as error:
            raise CannotServe(str(error), placed=error.placed) from None

    def serves(self, compiled: Compiled) -> bool:
        """Whether this is also the store of another plan: that one uses no keys, or those of the store opened here."""
        return not uses_keys(compiled) or (self._keys is not None and compiled.source.plan.store == self._store)

    def config(self, compiled: Compiled, path: Path) -> dict[str, Any]:
        """The child's configuration. Raises `CannotServe`."""
        log = compiled.source.plan.log
        config: dict[str, Any] = {
            "plan": str(path),
            "log": {"level": log.level, "format": log.format},
            "deadline": DEADLINE_MS,
            "tls": certificates(compiled),
        }
        if self._keys is not None:
            self._told, rows = _reading(self._keys.in_force)
            config |= {"pepper": self._keys.pepper, "keys": rows}
        return config

    @property
    def is_open(self) -> bool:
        """Whether there are keys to look for."""
        return self._keys is not None

    def look(self) -> Found | None:
        """What has changed since keys were last told; another thread may wait for it. Raises `CannotServe`."""
        before = self._told
        if self._keys is None or _reading(self._keys.revision) == before:
            return None
        return Found(before, *_reading(self._keys.in_force))

    def take(self, found: Found) -> bool:
        """Notes what is told now; false: other keys were told since that look, and these may be older."""
        if found.before != self._told:
            return False
        self._told = found.revision
        return True

    def changed(self) -> list[dict[str, Any]] | None:
        """All keys in force, if they have changed since they were last told. Raises `CannotServe`."""
        found = self.look()
        return found.rows if found is not None and self.take(found) else None

    def forget(self) -> None:
        """What was told did not arrive: tell it again."""
        self._told = None


def _reading(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except StoreError as error:
        raise CannotServe(str(error), placed=error.placed) from None
