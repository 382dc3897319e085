"""Values of parameters → text by `style` and `explode` (OpenAPI 3.1.1 §4.8.12, RFC 6570); nothing about schemas."""

from __future__ import annotations

import json
from urllib.parse import quote

from yett.openapi.description import Parameter
from yett.openapi.json_types import Json, is_array, is_object

Pairs = list[tuple[str, str]]
_DELIMITERS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def scalar(value: Json) -> str:
    """A value without members as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _escaped(value: Json) -> str:
    return quote(scalar(value), safe="")


def _flat(value: Json) -> list[Json]:
    """An array's items, or an object's names and members in turn."""
    if is_object(value):
        return [part for pair in value.items() for part in pair]
    return value if is_array(value) else [value]


def _members(value: dict[str, Json]) -> list[tuple[str, Json]]:
    """Names and members; the name of one that is an array is repeated for each item."""
    return [(key, item) for key, member in value.items() for item in (member if is_array(member) else [member])]


def in_path(parameter: Parameter, value: Json) -> str:
    """The text that takes the place of `{name}`."""
    if parameter.style == "json":
        return quote(json.dumps(value), safe="")
    named = parameter.style == "matrix"
    lead = {"simple": "", "label": ".", "matrix": ";"}[parameter.style]
    between = lead if parameter.explode and lead else ","
    name = f"{quote(parameter.name, safe='')}=" if named else ""
    if is_object(value) and parameter.explode:
        return lead + between.join(f"{_escaped(key)}={_escaped(member)}" for key, member in value.items())
    if named and parameter.explode and is_array(value):
        return lead + between.join(name + _escaped(item) for item in value)
    return lead + name + between.join(map(_escaped, _flat(value)))


def in_query(parameter: Parameter, value: Json) -> Pairs:
    """Names and values, escaped; none for an empty array, which has no text (RFC 6570 section 3.2.1)."""
    name = quote(parameter.name, safe="")
    if parameter.style == "json":
        return [(name, quote(json.dumps(value), safe=""))]
    if is_object(value) and parameter.style == "deepObject":
        return [(f"{name}%5B{_escaped(key)}%5D", _escaped(item)) for key, item in _members(value)]
    if is_object(value) and parameter.explode:
        return [(_escaped(key), _escaped(item)) for key, item in _members(value)]
    if is_array(value) and (parameter.explode or not value):
        return [(name, _escaped(item)) for item in value]
    return [(name, _DELIMITERS.get(parameter.style, ",").join(map(_escaped, _flat(value))))]


def can_be_text(parameter: Parameter, value: Json) -> bool:
    """Whether a style has text for a value.

    An array or object within an array or object has none, but for an array as a member that is a name of the query.
    """
    below = list(value.values()) if is_object(value) else value if is_array(value) else []
    by_name = parameter.style == "deepObject" or (parameter.style == "form" and parameter.explode)
    if is_object(value) and parameter.location == "query" and by_name:
        below = [item for _, item in _members(value)]
    return parameter.style == "json" or not any(is_object(each) or is_array(each) for each in below)


def in_cookies(parameter: Parameter, value: Json) -> list[str]:
    """Pairs of the Cookie header, not escaped; an exploded array repeats the name, an empty one has no text."""
    if is_array(value) and parameter.style != "json" and (parameter.explode or not value):
        return [f"{parameter.name}={scalar(item)}" for item in value]
    return [f"{parameter.name}={in_header(parameter, value)}"]


def in_header(parameter: Parameter, value: Json) -> str:
    """The value of a header or a cookie, not escaped."""
    if parameter.style == "json":
        return json.dumps(value)
    if is_object(value) and parameter.explode:
        return ",".join(f"{key}={scalar(member)}" for key, member in value.items())
    return ",".join(map(scalar, _flat(value)))
