"""What a user may write in the plan about api_key: the header that carries a key of Yett's own store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from yett.policy.section import Section, wrong
from yett.policy.values import HEADER

DEFAULT_HEADER = "X-API-Key"


class ApiKey(Section):
    """`api_key`: a key that `yett keys add` made."""

    not_built: ClassVar[Mapping[str, str]] = {
        "query": "keys travel in a header until then",
        "cookie": "keys travel in a header until then",
    }

    header: str | None = Field(
        default=None, description=f"The header that carries the key; default: the description's, else {DEFAULT_HEADER}"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.header is not None and not HEADER.fullmatch(self.header):
            raise wrong("the name of a header", repr(self.header), ("header",))
        return self

    def plan(self, described: str | None) -> dict[str, Any]:
        """As the compiled plan writes it; `described` is the header that the description names."""
        return {"api_key": {"header": (self.header or described or DEFAULT_HEADER).lower()}}
