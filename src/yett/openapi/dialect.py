"""One schema object of OpenAPI 3.0 or 3.1 → the keywords of JSON Schema 2020-12 that assert something; subschemas
stay as written.

Rules, beyond the plain renaming of 3.0's boolean `exclusiveMinimum` and `exclusiveMaximum`:

* in 3.0 nothing counts beside `$ref`; in 3.1 the siblings count;
* `nullable: true` always admits null, also beside `enum`, and beside `allOf` and the like without a `type`: it is
  written for nothing else (the letter of 3.0.3 lets it act on `type` alone);
* `format: int32` and `int64` become bounds; a format of `FORMATS` is kept and asserted; any other is an annotation,
  also idn-email and idn-hostname, which the engine does not judge;
* a 3.1 document with a boolean `exclusiveMinimum` (3.0's spelling, frequent in generated documents) is read as 3.0
  reads it.

Annotations, examples and extensions do not reach the engine.
"""

from __future__ import annotations

from typing import NamedTuple

from yett.openapi.json_types import Json
from yett.openapi.keywords import LISTS, MAPS, ONE

_ASSERTIONS = frozenset(
    [
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
        "maxProperties",
        "minProperties",
        "required",
        "dependentRequired",
    ]
)
_APPLICATORS = frozenset({"$ref", *ONE, *LISTS, *MAPS}) - {"$defs", "definitions", "contentSchema"}
FORMATS = frozenset(
    [
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uuid",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ]
)
_COMPOSITION = ("$ref", "allOf", "anyOf", "oneOf", "not", "const")
_BOUNDS = {"int32": 2**31, "int64": 2**63}


class Modern(NamedTuple):
    """The keywords of a schema, and whether null is admitted beside all of them."""

    keywords: dict[str, Json]
    or_null: bool = False


def modern(schema: dict[str, Json], *, new: bool) -> Modern:
    """The asserting keywords of `schema`; `new` for OpenAPI 3.1."""
    if not new and isinstance(schema.get("$ref"), str):
        return Modern({"$ref": schema["$ref"]})
    found = {name: value for name, value in schema.items() if name in _ASSERTIONS or name in _APPLICATORS}
    _exclusive(found, "minimum", "exclusiveMinimum")
    _exclusive(found, "maximum", "exclusiveMaximum")
    _format(found, schema.get("format"))
    if "required" in found:
        found["required"] = list(dict.fromkeys(found["required"]))
    if not new and schema.get("nullable") is True:
        return _nullable(found)
    return Modern(found)


def _exclusive(found: dict[str, Json], bound: str, exclusive: str) -> None:
    if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and bound in found:
        found[exclusive] = found.pop(bound)


def types_of(keywords: dict[str, Json]) -> list[str]:
    """The keyword `type` as a list; empty where it is absent."""
    kind = keywords.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _format(found: dict[str, Json], name: Json) -> None:
    if not isinstance(name, str):
        return
    if name in FORMATS:
        found["format"] = name
    types = types_of(found)
    if name in _BOUNDS and "integer" in types and set(types) <= {"integer", "null"}:
        bound = _BOUNDS[name]
        if found.get("exclusiveMinimum", -bound - 1) < -bound:
            found["minimum"] = max(found.get("minimum", -bound), -bound)
        if found.get("exclusiveMaximum", bound) >= bound:
            found["maximum"] = min(found.get("maximum", bound - 1), bound - 1)


def _nullable(found: dict[str, Json]) -> Modern:
    if any(name in found for name in _COMPOSITION):
        return Modern(found, or_null=True)
    if "type" in found:
        found["type"] = [*types_of(found), "null"]
    if "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    return Modern(found)
