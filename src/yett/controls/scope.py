"""What a user may write in the plan about scope: scopes beyond those that the description asks for."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from yett.policy.section import wrong
from yett.policy.values import ONE_OR_MORE, texts

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def scopes(value: object) -> list[str]:
    """Scope tokens (RFC 6749 §3.3)."""
    found = texts(value)
    if not all(_SCOPE.fullmatch(scope) for scope in found):
        raise wrong("a scope or a list of scopes, each without spaces, quotes and backslashes")
    return found


Scopes = Annotated[list[str], BeforeValidator(scopes), WithJsonSchema(ONE_OR_MORE)]
"""All of them must be carried by each credential that is shown."""
