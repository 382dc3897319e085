"""Secrets that a plan names and does not hold: `{env: NAME}` or `{file: PATH}`. None is ever printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from yett.policy.section import Section, wrong
from yett.policy.values import Text


class SecretError(Exception):
    """A secret that cannot be had: what was found in its place, and what was expected; never what it is."""

    def __init__(self, found: str, expected: str) -> None:
        """Keep both."""
        self.found, self.expected = found, expected
        super().__init__(f"{found}, expected {expected}")


class Secret(Section):
    """A secret is never in the plan: `{env: NAME}` or `{file: PATH}`."""

    env: Text | None = Field(default=None, description="An environment variable of the parent")
    file: Text | None = Field(default=None, description="A file that only its owner can read")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise wrong("one of {env: NAME} and {file: PATH}", "neither" if self.env is None else "both")
        return self


def outside(value: object) -> object:
    """A secret that stands in the plan itself is refused, and not shown."""
    if isinstance(value, str):
        raise wrong("{env: NAME} or {file: PATH}: secrets stand outside of the plan", "a secret in the plan")
    return value


def read_secret(secret: Secret, folder: Path) -> str:
    """The text of a secret; relative paths are below `folder`. Raises `SecretError`."""
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        if not value:
            raise SecretError(f"the environment variable {secret.env} is empty", "a secret")
        return value.strip()
    path = folder / (secret.file or "")
    try:
        if path.stat().st_mode & 0o077:
            raise SecretError(f"{path} can be used by others", f"a file for its owner alone; `chmod 600 {path}`")
        value = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SecretError(f"{path} cannot be read ({why})", "a secret") from None
    if not value:
        raise SecretError(f"{path} is empty", "a secret")
    return value
