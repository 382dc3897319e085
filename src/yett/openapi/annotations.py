"""The examples that schemas bring with them: kept beside the bundle for those who make requests, never handed to the
engine.
"""

from __future__ import annotations

from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.keywords import LISTS, MAPS, ONE


def exemplary(schema: dict[str, Json]) -> list[Json]:
    """`example`, `examples` and `default` of a schema, in this order."""
    found = [schema["example"]] if "example" in schema else []
    listed = schema.get("examples", [])
    found.extend(listed if is_array(listed) else [])
    if "default" in schema:
        found.append(schema["default"])
    return found


def without_examples(schema: Json) -> Json:
    """A schema of the bundle as the engine sees it."""
    if not is_object(schema):
        return schema
    return {name: _keyword(name, value) for name, value in schema.items() if name != "examples"}


def _keyword(name: str, value: Json) -> Json:
    if name in ONE:
        return without_examples(value)
    if name in LISTS:
        return [without_examples(each) for each in value]
    if name in MAPS:
        return {key: without_examples(each) for key, each in value.items()}
    return value
