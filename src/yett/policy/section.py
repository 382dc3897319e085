"""What every mapping of the plan has in common: no unknown key, no converted value. No key of the plan here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError


class Section(BaseModel):
    """A mapping of the plan. `not_built`: keys that a later version has, and what holds until then."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)
    not_built: ClassVar[Mapping[str, str]] = {}


class Also:
    """Says in the plan's JSON Schema what a validator accepts beside the section itself."""

    def __init__(self, **schema: object) -> None:
        """`schema` is a JSON Schema."""
        self._schema = schema

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """As pydantic asks for it."""
        return {"anyOf": [self._schema, handler(schema)]}


def wrong(expected: str, found: str | None = None, below: tuple[str, ...] = ()) -> PydanticCustomError:
    """What a validator raises: what was expected, what was found (default: the value), below which key."""
    context: dict[str, Any] = {"expected": expected, "found": found, "below": below}
    return PydanticCustomError("wrong", "expected {expected}", context)
