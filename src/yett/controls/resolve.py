"""What a user may write in the plan about resolve: which requests an API answers for, and cross-origin rules."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from yett.openapi.json_types import is_array
from yett.openapi.problem import shown
from yett.policy.section import Section, wrong
from yett.policy.values import HEADER, ONE_OR_MORE, Base, Duration, host

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_DAY = 86_400_000


def hosts(value: object) -> list[str]:
    """One host pattern or a list of them."""
    listed = value if is_array(value) else [value]
    if not listed:
        raise wrong("a host or a list of hosts", "an empty list")
    return [_host(number, item) for number, item in enumerate(listed)]


def _host(number: int, value: object) -> str:
    try:
        return host(value)
    except PydanticCustomError as error:
        raise wrong((error.context or {})["expected"], shown(value), (str(number),)) from None


class Match(Section):
    """`match`: the requests that an API answers for."""

    host: Annotated[list[str], BeforeValidator(hosts), WithJsonSchema(ONE_OR_MORE)] = Field(
        default=["*"], description="Hosts: `*`, api.example.com, *.example.com"
    )
    base: Base | None = Field(
        default=None, description="Path prefix; default: the path of the description's first server"
    )


class Cors(Section):
    """`cors`: which scripts of other origins may read answers (Fetch standard). None: no preflight is answered."""

    origins: list[str] = Field(default=[], description="Exact origins, or `*` alone")
    credentials: bool = Field(
        default=False, description="Whether cookies and Authorization may be sent; never with `*`"
    )
    headers: list[str] = Field(default=[], description="Request headers allowed beyond the safelist")
    expose: list[str] = Field(default=[], description="Response headers that scripts may read")
    max_age: Duration = Field(default=600_000, description="How long a preflight may be cached")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for number, origin in enumerate(self.origins):
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                expected = "an origin such as https://shop.example.com, lower case, without a path, or `*`"
                raise wrong(expected, repr(origin), ("origins", str(number)))
        if "*" in self.origins and (len(self.origins) > 1 or self.credentials):
            raise wrong("`*` alone and without credentials", "`*` with more", ("origins",))
        for key in ("headers", "expose"):
            for number, name in enumerate(getattr(self, key)):
                if not HEADER.fullmatch(name):
                    raise wrong("the name of a header", repr(name), (key, str(number)))
        if self.max_age > _DAY:
            raise wrong("at most 1d", None, ("max_age",))
        return self

    def plan(self) -> dict[str, Any] | None:
        """As the compiled plan writes it; none where no origin is allowed."""
        if not self.origins:
            return None
        return {
            "origins": self.origins,
            "credentials": self.credentials,
            "headers": [name.lower() for name in self.headers],
            "expose": [name.lower() for name in self.expose],
            "max_age": self.max_age // 1000,
        }
