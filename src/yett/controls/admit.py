"""What a user may write in the plan about admit: the limits of a head; the rest always holds, without a key."""

from __future__ import annotations

from pydantic import Field

from yett.policy.section import Section
from yett.policy.values import Size


class Head(Section):
    """`gateway.head`: the limits of a request's head."""

    bytes: Size = Field(default=16 * 1024, description="Bytes of the whole head")
    headers: int = Field(default=100, ge=1, le=10_000, description="Header lines")
    target: Size = Field(default=8 * 1024, description="Bytes of the target")
