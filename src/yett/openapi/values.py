"""Which values and types a schema admits by its own words, as far as that can be told without a value; reads only.

Used to tell the branches of a union apart and to read the text of parameters. Every answer is an upper bound: none
means "any".
"""

from __future__ import annotations

from yett.openapi.dialect import types_of
from yett.openapi.json_types import Json, is_array
from yett.openapi.library import Site
from yett.openapi.schemas import Schemas

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def _type_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def admitted_types(schemas: Schemas, site: Site) -> frozenset[str]:
    """The JSON types that a schema can admit; `number` covers `integer`, and both are named then."""
    if site.key not in schemas.admitted:
        schemas.admitted[site.key] = ALL_TYPES  # what a cycle finds
        schemas.admitted[site.key] = _admitted(schemas, site)
    return schemas.admitted[site.key]


def _admitted(schemas: Schemas, site: Site) -> frozenset[str]:
    if site.value is False:
        return frozenset()
    keywords, or_null = schemas.modern(site)
    types = frozenset(types_of(keywords)) or ALL_TYPES
    if "number" in types:
        types |= {"integer"}
    if "enum" in keywords:
        types &= frozenset(map(_type_of, keywords["enum"]))
    if "const" in keywords:
        types &= {_type_of(keywords["const"])}
    target = schemas.target(site)
    if target:
        types &= admitted_types(schemas, target)
    for _, part in schemas.below(site, frozenset({"allOf"})):
        types &= admitted_types(schemas, part)
    for union in ("anyOf", "oneOf"):
        branches = [branch for _, branch in schemas.below(site, frozenset({union}))]
        if branches:
            types &= frozenset[str]().union(*(admitted_types(schemas, branch) for branch in branches))
    return types | {"null"} if or_null else types


def required_names(schemas: Schemas, site: Site) -> frozenset[str]:
    """Members that every object must have by the schema, what it refers to, and `allOf`."""
    names: set[str] = set()
    for here in conjuncts(schemas, site):
        names.update(schemas.modern(here).keywords.get("required", ()))
    return frozenset(names)


def conjuncts(schemas: Schemas, site: Site) -> list[Site]:
    """The schema, what it refers to, and the parts of `allOf`: all of them hold."""
    found: dict[Json, Site] = {}
    left = [site]
    while left:
        here = left.pop()
        if here.key in found:
            continue
        found[here.key] = here
        left.extend(part for _, part in schemas.below(here, frozenset({"allOf"})))
        target = schemas.target(here)
        if target:
            left.append(target)
    return list(found.values())


def tags(schemas: Schemas, site: Site, name: str) -> frozenset[str] | None:
    """The strings that the member `name` can be, by `const` or `enum`; none if anything."""
    key = (site.key, name)
    if key not in schemas.tagged:
        schemas.tagged[key] = None  # what a cycle finds
        schemas.tagged[key] = _tags(schemas, site, name)
    return schemas.tagged[key]


def _tags(schemas: Schemas, site: Site, name: str) -> frozenset[str] | None:
    found: frozenset[str] | None = None
    for here in conjuncts(schemas, site):
        member = here.member("properties")
        member = member.member(name) if member and (schemas.new or "$ref" not in here.value) else None
        found = _both(found, strings(schemas, member) if member else None)
        for union in ("anyOf", "oneOf"):
            branches = [tags(schemas, branch, name) for _, branch in schemas.below(here, frozenset({union}))]
            found = _both(found, _either(branches))
    return found


def strings(schemas: Schemas, site: Site) -> frozenset[str] | None:
    """The strings that a schema admits, by `const` or `enum`; none if any."""
    found: frozenset[str] | None = None
    for here in conjuncts(schemas, site):
        keywords, or_null = schemas.modern(here)
        values: Json = [keywords["const"]] if "const" in keywords else keywords.get("enum")
        if is_array(values) and not or_null and all(isinstance(value, str) for value in values):
            found = _both(found, frozenset(values))
    return found


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _either(all_of: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [values for values in all_of if values is not None]
    return frozenset[str]().union(*known) if known and len(known) == len(all_of) else None


def disjoint(schemas: Schemas, branches: list[Site]) -> bool:
    """Whether no value can match two of the branches: their types differ, or a required member's values do."""
    described = [_Branch(schemas, branch) for branch in branches]
    return all(one.apart(other) for index, one in enumerate(described) for other in described[index + 1 :])


def indistinct(schemas: Schemas, branches: list[Site]) -> bool:
    """Whether two branches of `oneOf` match objects alike: common members are the same, and so are required ones."""
    described = [_Branch(schemas, branch) for branch in branches]
    return any(one.blends(other) for index, one in enumerate(described) for other in described[index + 1 :])


class _Branch:
    def __init__(self, schemas: Schemas, site: Site) -> None:
        self._types = admitted_types(schemas, site)
        self._declared = _declared(schemas, site)
        self._required = required_names(schemas, site)
        values = {name: tags(schemas, site, name) for name in self._required}
        self._tags = {name: found for name, found in values.items() if found is not None}

    def apart(self, other: _Branch) -> bool:
        common = self._types & other._types
        if common - {"object"}:
            return False
        return not common or any(
            not self._tags[name] & other._tags[name] for name in self._tags.keys() & other._tags.keys()
        )

    def blends(self, other: _Branch) -> bool:
        if not self._declared or not other._declared or self._required != other._required:
            return False
        common = self._declared.keys() & other._declared.keys()
        return all(self._declared[name] == other._declared[name] for name in common)


def _declared(schemas: Schemas, site: Site) -> dict[str, Json]:
    """The members of a schema that says nothing but members and types; empty for any other."""
    found: dict[str, Json] = {}
    for here in conjuncts(schemas, site):
        keywords = schemas.modern(here).keywords
        if keywords.keys() - {"type", "properties", "required", "allOf", "$ref"}:
            return {}
        found.update(keywords.get("properties", {}))
    return found
