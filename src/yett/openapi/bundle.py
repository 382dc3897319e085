"""The schemas of one API as one bundle of JSON Schema 2020-12, each schema once, references and cycles kept, places
closed.

**Closing.** A *place* is a schema that judges a whole value: a body, a parameter, and inside of it each member and
each item. The schemas that judge the same value together (`$ref`, `allOf`, `oneOf`, `if`, …) are its *parts*.

1. A place whose parts declare members is closed on its outermost schema: `unevaluatedProperties: false`, or
   `additionalProperties: false` where there are no parts, which means the same and is cheaper. Parts are never closed
   themselves, so all of `allOf` declares together, and under `oneOf` and `anyOf` only branches that match declare.
2. It stays open where the description says so: `additionalProperties: true` or `{}` (or a schema, which judges the
   rest), or an own `unevaluatedProperties`. Where anything may follow it is listed in `open_places`.
3. A place that declares no members at all (`{}`, `type: object`) says nothing about them: it stays open and is listed
   there too. So does a branch `type: object` without more of a place that is nothing but a union.
4. A member that a place requires without describing it is declared, and may be anything.
5. Nothing is closed under `not`, `if` and `contains`: refusing more there would admit more elsewhere. For the same
   reason `oneOf` is decided on unclosed branches, and the branch that matched must then also match closed (`anyOf`);
   where branches exclude one another by type or by a required constant, or are not closed inside, once is enough.

So a closed schema never admits what the description refuses. A `discriminator` is the exception that the standard
makes: the named branch decides, whichever others match.

**Directions.** A member that is `readOnly` is refused in a request, one that is `writeOnly` in a reply (its schema is
`false`), and neither is required there. Only schemas that reach such a member exist once for each direction.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from yett.openapi.annotations import exemplary, without_examples
from yett.openapi.dialect import types_of
from yett.openapi.discriminator import Chosen, choose
from yett.openapi.families import Families
from yett.openapi.json_types import Json, is_object
from yett.openapi.keywords import LISTS, MAPS, ONE
from yett.openapi.library import Site
from yett.openapi.linear import linear
from yett.openapi.schemas import IN_PLACE, Key, Schemas
from yett.openapi.values import conjuncts, disjoint, indistinct

Direction = Literal["in", "out"]
_UNCLOSED = frozenset({"not", "if", "contains", "propertyNames"})
_PARTS = IN_PLACE | {"$ref"}
_REST = ("additionalProperties", "unevaluatedProperties")


class Mode(Enum):
    """How a schema stands: as a place, as a part of one, or where nothing may be closed."""

    PLACE = "place"
    PART = "part"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class View:
    """One rewriting of a schema; `base` where it is what others inherit from, not any of those who do."""

    mode: Mode
    direction: Direction | None
    base: bool = False

    def part(self) -> View:
        """The view of what judges the same value."""
        return self if self.mode is Mode.BARE else replace(self, mode=Mode.PART, base=False)

    def child(self) -> View:
        """The view of a member or an item."""
        return replace(self, mode=Mode.BARE if self.mode is Mode.BARE else Mode.PLACE, base=False)

    def bare(self) -> View:
        """The view of what must not be closed."""
        return replace(self, mode=Mode.BARE, base=False)


class Bundle:
    """Grows with each place that asks; `defs` is the shared `$defs`, with the examples of the description."""

    def __init__(self, schemas: Schemas) -> None:
        """Start empty."""
        self.defs: dict[str, Json] = {}
        self.open_places: list[Site] = []
        self.sources: dict[str, Site] = {}
        self.indistinct: list[Site] = []
        self._schemas = schemas
        self._names: dict[tuple[Key, View], str] = {}
        self._families = Families(schemas)
        self._contents: dict[str, str] = {}
        self._waiting: deque[tuple[str, Site, View]] = deque()

    def place(self, site: Site, direction: Direction, name: str) -> str:
        """`#/$defs/NAME` of a body's or a parameter's schema; `name` is proposed for one that has none."""
        view = self._normal(site, View(Mode.PLACE, direction))
        target = self._schemas.target(site)
        if target and set(self._schemas.modern(site).keywords) == {"$ref"}:
            reference = self._refer(target, view)
        else:
            reference = self._unnamed(self._rewrite(site, view), name, site)
        while self._waiting:
            named, waiting, how = self._waiting.popleft()
            self.defs[named] = self._rewrite(waiting, how)
        return reference

    def says_nothing(self, reference: str) -> bool:
        """Whether a place admits an object, or a list of objects, whatever they hold."""
        return self._vague(self.defs.get(reference.rpartition("/")[2], True), set())

    def _vague(self, schema: Json, seen: set[str]) -> bool:
        if not is_object(schema):
            return schema is True
        words = schema.keys() - {"examples"}
        if words == {"$ref"}:
            reference = schema["$ref"]
            if reference in seen:
                return False
            return self._vague(self.defs.get(reference.rpartition("/")[2], True), seen | {reference})
        if words in ({"anyOf"}, {"oneOf"}):
            return any(self._vague(branch, seen) for branch in schema[words.pop()])
        if set(types_of(schema)) - {"null"} == {"array"}:
            return words <= {"type", "items"} and self._vague(schema.get("items", True), seen)
        open_ = all(schema.get(keyword, True) in (True, {}) for keyword in _REST)
        return open_ and words <= {"type", *_REST} and (not types_of(schema) or "object" in types_of(schema))

    def anything(self) -> str:
        """`#/$defs/NAME` of the schema that admits everything."""
        return self._unnamed(True, "anything", None)

    def _unnamed(self, schema: Json, name: str, site: Site | None) -> str:
        """Schemas without a name that say the same are one."""
        content = json.dumps(without_examples(schema), sort_keys=True)
        if content not in self._contents:
            self._contents[content] = named = self._free(name)
            self.defs[named] = schema
            if site:
                self.sources[named] = site
        return f"#/$defs/{self._contents[content]}"

    def _refer(self, target: Site, view: View) -> str:
        """The name of a schema that is referred to; it is rewritten later."""
        view = self._normal(target, view)
        key = (target.key, view)
        if key not in self._names:
            self._names[key] = name = self._free(_name_of(target) + self._suffix(target, view))
            self.defs[name] = True
            self.sources[name] = target
            self._waiting.append((name, target, view))
        return f"#/$defs/{self._names[key]}"

    def _suffix(self, target: Site, view: View) -> str:
        plain = self._normal(target, View(Mode.PLACE, None)).mode
        suffix = "" if view.mode is plain else f".{view.mode.value}"
        return suffix + (f".{view.direction}" if view.direction else "") + (".base" if view.base else "")

    def _normal(self, site: Site, view: View) -> View:
        """The same view for everything that would be rewritten alike."""
        mode, direction = view.mode, view.direction
        if (
            not self._schemas.closable(site)
            or (mode is Mode.BARE and not self._schemas.nested(site))
            or (mode is Mode.PLACE and not self._schemas.declares(site))
        ):
            mode = Mode.PART
        if not self._schemas.directional(site):
            direction = None
        return View(mode, direction, view.base and self._families.knows(site))

    def _free(self, name: str) -> str:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") or "schema"
        number, free = 1, name
        while free in self.defs:
            number += 1
            free = f"{name}_{number}"
        return free

    def _rewrite(self, site: Site, view: View) -> Json:
        """A schema as it stands in the bundle."""
        if isinstance(site.value, bool):
            return site.value
        keywords, or_null = self._schemas.modern(site)
        if not view.base and self._families.members(site):
            return self._closed(site, self._family(site, view), view)
        hidden = self._hidden(site, view.direction)
        schema = {name: self._keyword(name, site, view, hidden) for name in keywords if name not in ("oneOf", "anyOf")}
        if hidden and "required" in schema:
            schema["required"] = [name for name in schema["required"] if name not in hidden]
        for union in ("anyOf", "oneOf"):
            if union in keywords:
                self._union(union, site, view, schema)
        self._linear(schema)
        for asked in [] if view.base else self._families.demands(site):
            schema = _with(schema, asked)
        examples = exemplary(site.value)
        if examples:
            schema["examples"] = examples
        if or_null:
            schema = {"anyOf": [{"type": "null"}, schema]}
        return self._closed(site, schema, view)

    def _linear(self, schema: dict[str, Json]) -> None:
        """Patterns are written for the linear engine; of two that are then one, both schemas hold."""
        if "pattern" in schema:
            schema["pattern"] = linear(schema["pattern"])
        if "patternProperties" in schema:
            members: dict[str, Json] = {}
            for written, value in schema["patternProperties"].items():
                name = linear(written)
                members[name] = {"allOf": [members[name], value]} if name in members else value
            schema["patternProperties"] = members

    def _closed(self, site: Site, schema: dict[str, Json], view: View) -> dict[str, Json]:
        if view.mode is not Mode.PLACE:
            return schema
        if not self._schemas.declares(site):
            self._open_place(site, schema)
            return schema
        if "additionalProperties" in schema or "unevaluatedProperties" in schema:
            if any(schema.get(keyword) in (True, {}) for keyword in _REST):
                self.open_places.append(site)
            return schema
        if schema.keys() - {"examples"} == {"$ref"}:
            return schema  # its target is a place itself
        keyword = "unevaluatedProperties" if _PARTS & schema.keys() else "additionalProperties"
        named = self._named(site, view.direction)
        if named:
            schema = {**schema, "properties": schema.get("properties", {}) | dict.fromkeys(named, True)}
        return {**schema, keyword: False}

    def _named(self, site: Site, direction: Direction | None) -> list[str]:
        """The members that a place requires and does not describe."""
        parts = [self._schemas.modern(part).keywords for part in conjuncts(self._schemas, site)]
        described = {name for keywords in parts for name in keywords.get("properties", ())}
        required = {name for keywords in parts for name in keywords.get("required", ())}
        return sorted(required - described - self._hidden(site, direction))

    def _open_place(self, site: Site, schema: dict[str, Json]) -> None:
        if not schema.keys() - {"examples"} or "object" in types_of(schema):
            self.open_places.append(site)

    def _hidden(self, site: Site, direction: Direction | None) -> frozenset[str]:
        """The members that must not be there in this direction, by any schema that holds together with this one."""
        if direction is None:
            return frozenset()
        keyword = "readOnly" if direction == "in" else "writeOnly"
        names: set[str] = set()
        for part in conjuncts(self._schemas, site):
            members = part.member("properties") if self._schemas.new or "$ref" not in part.value else None
            for name, member in members.members() if members else []:
                if self._schemas.marked(member, keyword):
                    names.add(name)
        return frozenset(names)

    def _keyword(self, name: str, site: Site, view: View, hidden: frozenset[str]) -> Json:
        value = self._schemas.modern(site).keywords[name]
        if name == "$ref":
            return self._reference(site, view)
        below = view.bare() if name in _UNCLOSED else view.part() if name in IN_PLACE else view.child()
        if name in LISTS:
            heir = site if name == "allOf" else None
            return [self._member(item, below, heir) for item in site.below(name).items()]
        if name in MAPS:
            members = site.below(name).members()
            out = hidden if name == "properties" else frozenset[str]()
            return {key: False if key in out else self._member(member, below) for key, member in members}
        if name in ONE and isinstance(value, dict | bool):
            return self._member(site.below(name), below)
        return value

    def _reference(self, site: Site, view: View) -> str:
        target = self._schemas.target(site)
        if target is None:
            return "#/$defs/nowhere"  # a problem is recorded: this bundle is never used
        alone = set(self._schemas.modern(site).keywords) == {"$ref"}
        return self._refer(target, view if alone else view.part())

    def _member(self, site: Site, view: View, heir: Site | None = None) -> Json:
        """A subschema; what its `heir` inherits from is taken as the base, not as any of those who inherit."""
        target = self._schemas.target(site)
        if target and heir and self._families.inherits(heir, target):
            return {"$ref": self._refer(target, replace(view, base=True))}
        return self._rewrite(site, view)

    def _family(self, site: Site, view: View) -> dict[str, Json]:
        """One of those who inherit from a schema, or it itself where a value names it."""
        base = replace(view.part(), base=True)
        members = self._families.members(site)
        return {"oneOf": [_with({"$ref": self._refer(member, base)}, asked) for member, asked in members]}

    def _union(self, name: str, site: Site, view: View, schema: dict[str, Json]) -> None:
        branches = site.below(name).items()
        chosen = choose(self._schemas, site, branches)
        alone = not (schema.keys() & {"properties", "$ref", "allOf", "required"})
        part = view.part()
        pairs = list(zip(branches, chosen, strict=True))
        closed = [self._branch(branch, part, asked, alone) for branch, asked in pairs]
        apart = name == "anyOf" or _told_apart(chosen) or disjoint(self._schemas, branches)
        if not apart and indistinct(self._schemas, branches):
            self.indistinct.append(site.below(name))
        if apart or view.mode is Mode.BARE or not any(map(self._schemas.nested, branches)):
            schema[name] = closed
            return
        schema[name] = [self._branch(branch, view.bare(), asked, alone) for branch, asked in pairs]
        schema["allOf"] = [*schema.get("allOf", []), {"anyOf": closed}]

    def _branch(self, site: Site, view: View, asked: Chosen | None, alone: bool) -> Json:
        branch = _with(self._member(site, view), asked)
        if alone and view.mode is Mode.PART and is_object(branch) and self._is_free(site):
            return {**branch, "additionalProperties": True}
        return branch

    def _is_free(self, site: Site) -> bool:
        """Whether a branch is an object without more."""
        found = [self._schemas.modern(here).keywords for here in self._schemas.in_place(site)]
        return all(set(keywords) <= {"type", "$ref"} for keywords in found) and any(
            "object" in types_of(keywords) for keywords in found
        )


def _told_apart(chosen: list[Chosen | None]) -> bool:
    values = [value for asked in chosen for value in ((asked.values if asked else None) or ("",))]
    return all(asked and asked.values for asked in chosen) and len(set(values)) == len(values)


def _with(branch: Json, asked: Chosen | None) -> Json:
    """A branch together with what its discriminator asks."""
    if asked is None or branch is False:
        return branch
    asks = asked.keywords()
    if branch is True:
        return asks
    if asks.keys() & branch.keys():
        return {"allOf": [branch, asks]}
    return {**branch, **asks}


def _name_of(site: Site) -> str:
    if not site.pointer:
        return site.document.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if site.pointer[-2:-1] in (("schemas",), ("$defs",), ("definitions",)):
        return site.pointer[-1]
    return ".".join(site.pointer[-3:])
