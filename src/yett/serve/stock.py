"""What a child is handed beside its sockets: the plan as a file, API keys, the pepper. Starts nothing."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett.serve.sockets import CannotServe
from yett.store.error import StoreError

if TYPE_CHECKING:
    from yett.policy.compile import Compiled
    from yett.store.keys import Keys

DEADLINE_MS = 2000


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
            raise CannotServe(str(error)) from None

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
        }
        if self._keys is not None:
            config |= {"pepper": self._keys.pepper, "keys": self._read(self._keys)}
        return config

    def changed(self) -> list[dict[str, Any]] | None:
        """All keys in force, if they have changed since they were last told. Raises `CannotServe`."""
        if self._keys is None:
            return None
        try:
            if self._keys.revision() == self._told:
                return None
        except StoreError as error:
            raise CannotServe(str(error)) from None
        return self._read(self._keys)

    def forget(self) -> None:
        """What was told did not arrive: tell it again."""
        self._told = None

    def _read(self, keys: Keys) -> list[dict[str, Any]]:
        try:
            self._told, found = keys.in_force()
        except StoreError as error:
            raise CannotServe(str(error)) from None
        return found
