"""What a user may write in the plan about limit: token buckets by address and by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from yett.policy.section import Also, Section, wrong
from yett.policy.values import Mode, Rate

_MOST_BURST = 2**32 - 1


class Limit(Section):
    """An entry of `limit`: `{by: address, allow: 60/minute, burst: 20}`."""

    not_built: ClassVar[Mapping[str, str]] = {
        "window": "every limit is a token bucket until then",
        "cost": "every request costs one token until then",
        "key": "a limit counts by address or by subject until then",
        "concurrent": "limits count requests by time until then",
    }

    by: Literal["address", "subject"] = Field(description="Whom it counts")
    allow: Rate = Field(description="Requests that come back in each period, such as 60/minute")
    burst: int | None = Field(
        default=None, ge=1, le=_MOST_BURST, description="Requests at once; default: the count of `allow`"
    )
    operations: list[str] | None = Field(
        default=None, min_length=1, description="Operations that it counts; default: all"
    )
    name: str | None = Field(default=None, pattern="^[a-z0-9_.-]{1,64}$", description="Its name in evidence")
    mode: Mode | None = Field(default=None, description="enforce or report; default: the API's")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.by == "address" and self.operations is not None:
            expected = "no `operations`: a limit by address stands before the operation is known"
            raise wrong(expected, "`operations` beside `by: address`", ("operations",))
        return self


def limits(value: object) -> object:
    """`none` stands for no limits."""
    return [] if value == "none" else value


Limits = Annotated[list[Limit], BeforeValidator(limits), Also(const="none")]

_DEFAULT = {"allow": "50/second", "burst": 100}
DEFAULT_LIMITS = [Limit.model_validate({"by": by, **_DEFAULT}) for by in ("address", "subject")]
