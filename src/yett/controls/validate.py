"""What a user may write in the plan about validate: how large and how deep a request's body may be."""

from __future__ import annotations

from pydantic import Field

from yett.policy.section import Section
from yett.policy.values import Size

DEEPEST = 120
"""The engine's reader goes no deeper."""


class Validate(Section):
    """`validate`: the limits of request bodies. `depth` holds for replies too."""

    body: Size = Field(default=1024 * 1024, description="Bytes of a request body")
    depth: int = Field(default=32, ge=1, le=DEEPEST, description="Nesting of JSON")
