"""Which values each JSON Schema keyword may have, in OpenAPI 3.0 and in JSON Schema 2020-12; a table, and where
subschemas are.

Stands in for the meta-schemas: they say only that one of many alternatives failed, this says which value at which
place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.library import Site

TYPES_30 = ("string", "number", "integer", "boolean", "array", "object")
TYPES_31 = (*TYPES_30, "null")

ONE = (
    "not",
    "if",
    "then",
    "else",
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
)
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")

Check = tuple[Callable[[Json], bool], str]


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Json) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _flag(value: Json) -> bool:
    return isinstance(value, bool)


def _names(value: Json) -> bool:
    return is_array(value) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _type_30(value: Json) -> bool:
    return value in TYPES_30 if isinstance(value, str) else False


def _type_31(value: Json) -> bool:
    if is_array(value):
        return bool(value) and _names(value) and all(name in TYPES_31 for name in value)
    return isinstance(value, str) and value in TYPES_31


def _name_lists(value: Json) -> bool:
    return is_object(value) and all(_names(names) for names in value.values())


def _discriminator(value: Json) -> bool:
    if not is_object(value) or not isinstance(value.get("propertyName"), str):
        return False
    mapping = value.get("mapping", {})
    return is_object(mapping) and all(isinstance(target, str) for target in mapping.values())


_BOTH: dict[str, Check] = {
    "$ref": (_text, "a reference"),
    "title": (_text, "a string"),
    "description": (_text, "a string"),
    "multipleOf": (lambda value: _number(value) and value > 0, "a number above 0"),
    "maximum": (_number, "a number"),
    "minimum": (_number, "a number"),
    "maxLength": (_count, "a whole number, 0 or more"),
    "minLength": (_count, "a whole number, 0 or more"),
    "maxItems": (_count, "a whole number, 0 or more"),
    "minItems": (_count, "a whole number, 0 or more"),
    "maxProperties": (_count, "a whole number, 0 or more"),
    "minProperties": (_count, "a whole number, 0 or more"),
    "pattern": (_text, "a regular expression"),
    "format": (_text, "the name of a format"),
    "uniqueItems": (_flag, "true or false"),
    "readOnly": (_flag, "true or false"),
    "writeOnly": (_flag, "true or false"),
    "deprecated": (_flag, "true or false"),
    "enum": (is_array, "a list of values"),
    "required": (_names, "a list of property names, each once"),
    "discriminator": (_discriminator, "an object with propertyName, and with mapping from strings to strings if any"),
}
_ONLY_30: dict[str, Check] = {
    "type": (_type_30, "one of " + ", ".join(TYPES_30)),
    "exclusiveMaximum": (_flag, "true or false (OpenAPI 3.0)"),
    "exclusiveMinimum": (_flag, "true or false (OpenAPI 3.0)"),
    "nullable": (_flag, "true or false"),
}
_ONLY_31: dict[str, Check] = {
    "type": (_type_31, "one of " + ", ".join(TYPES_31) + ", or a list of them"),
    "exclusiveMaximum": (_number, "a number (JSON Schema 2020-12)"),
    "exclusiveMinimum": (_number, "a number (JSON Schema 2020-12)"),
    "maxContains": (_count, "a whole number, 0 or more"),
    "minContains": (_count, "a whole number, 0 or more"),
    "dependentRequired": (_name_lists, "an object whose values are lists of property names"),
    "$anchor": (_text, "a name"),
    "$id": (_text, "a URI"),
    "$dynamicRef": (_text, "a reference"),
}
KEYWORDS: dict[bool, dict[str, Check]] = {False: _BOTH | _ONLY_30, True: _BOTH | _ONLY_31}


def subschemas(site: Site) -> Iterator[tuple[str, Site]]:
    """The schemas right below a schema, each with the keyword it stands under; values that are not schemas too."""
    for keyword, below in site.members():
        if keyword in ONE:
            yield keyword, below
        elif keyword in LISTS:
            yield from ((keyword, item) for item in below.items())
        elif keyword in MAPS:
            yield from ((keyword, member) for _, member in below.members())
