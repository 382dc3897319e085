"""How the text of a parameter is read: which JSON types its schema admits for the whole, its items and its members."""

from __future__ import annotations

from typing import NamedTuple

from yett.openapi.library import Site
from yett.openapi.schemas import Schemas
from yett.openapi.values import ALL_TYPES, admitted_types

_BELOW = frozenset({"items", "properties", "additionalProperties"})
_ORDER = ("integer", "number", "boolean", "array", "object", "string")


class Texts(NamedTuple):
    """Types in the order in which they are tried; a text always fits `string`, so that is last."""

    types: list[str]
    items: list[str]
    members: dict[str, list[str]]
    others: list[str]
    member_items: dict[str, list[str]]
    other_items: list[str]


def texts(schemas: Schemas, site: Site | None) -> Texts:
    """How the text of a parameter with this schema is read; without a schema it is a string."""
    if site is None:
        return Texts(["string"], [], {}, [], {}, [])
    items: list[str] = []
    others: list[str] = []
    other_items: list[str] = []
    members: dict[str, list[str]] = {}
    member_items: dict[str, list[str]] = {}
    for here in schemas.in_place(site):
        for keyword, below in schemas.below(here, _BELOW):
            if keyword == "items":
                items = items or _ordered(schemas, below)
            elif keyword == "additionalProperties":
                others = others or _ordered(schemas, below)
                other_items = other_items or _items(schemas, below)
            else:
                name = below.pointer[-1]
                members.setdefault(name, _ordered(schemas, below))
                if _items(schemas, below):
                    member_items.setdefault(name, _items(schemas, below))
    return Texts(_ordered(schemas, site), items, members, others, member_items, other_items)


def _items(schemas: Schemas, site: Site) -> list[str]:
    """How the items of a member are read; empty where its schema says nothing of items."""
    for here in schemas.in_place(site):
        for _, below in schemas.below(here, frozenset({"items"})):
            return _ordered(schemas, below)
    return []


def _ordered(schemas: Schemas, site: Site) -> list[str]:
    admitted = admitted_types(schemas, site)
    if admitted >= ALL_TYPES - {"null"}:
        return ["string"]
    if "number" in admitted:
        admitted -= {"integer"}
    return [kind for kind in _ORDER if kind in admitted] or (["null"] if "null" in admitted else ["string"])
