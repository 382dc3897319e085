"""What a user may write in the plan about admit: the limits of a head; the rest always holds, without a key."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from yett.policy.section import Section, wrong
from yett.policy.values import Size

LONGEST_HEAD = 65_535


class Head(Section):
    """`gateway.head`: the limits of a request's head."""

    bytes: Size = Field(default=16 * 1024, description=f"Bytes of the whole head, at most {LONGEST_HEAD}")
    headers: int = Field(default=100, ge=1, le=10_000, description="Header lines")
    target: Size = Field(default=8 * 1024, description="Bytes of the target")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.bytes > LONGEST_HEAD:
            raise wrong(f"at most {LONGEST_HEAD}B", f"{self.bytes}B", below=("bytes",))
        return self
