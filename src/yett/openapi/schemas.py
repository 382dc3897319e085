"""What can be known of a schema before it is rewritten: what it declares, reaches, and what of it Yett cannot read.

Reads only. "In place" are the subschemas that judge the same value (`$ref`, `allOf`, `oneOf`, …); "children" judge a
member or an item of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from yett.openapi.dialect import Modern, modern
from yett.openapi.json_types import Json, is_object
from yett.openapi.keywords import subschemas
from yett.openapi.library import Library, Site
from yett.openapi.reach import Reach

Key = tuple[str, tuple[str, ...]]
IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"})
CHILDREN = frozenset(
    [
        "properties",
        "patternProperties",
        "additionalProperties",
        "unevaluatedProperties",
        "items",
        "prefixItems",
        "unevaluatedItems",
    ]
)
DECLARING = ("properties", "patternProperties", "additionalProperties", "unevaluatedProperties")
_DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
)


class Said(NamedTuple):
    """What the text of one schema says, references not followed."""

    declares: bool
    read_only: bool
    write_only: bool
    unread: frozenset[str]


class Own(NamedTuple):
    """That, and where its references lead."""

    refs: tuple[Site, ...]
    said: Said


class Schemas:
    """Answers about schemas of one description, each computed once."""

    def __init__(self, library: Library, *, new: bool) -> None:
        """`new` for OpenAPI 3.1."""
        self.library = library
        self.new = new
        self.admitted: dict[Key, frozenset[str]] = {}  # remembered for `values`
        self.tagged: dict[tuple[Key, str], frozenset[str] | None] = {}  # remembered for `values`
        self._own: dict[Key, Own] = {}
        self._reached: Reach[Site, Said] = Reach(
            lambda site: site.key, lambda site: self._own_of(site).refs, lambda site: self._own_of(site).said
        )
        self._together: Reach[Site, bool] = Reach(lambda site: site.key, self._targets, self._declared_here)
        self._declares: dict[Key, bool] = {}
        self._modern: dict[Key, Modern] = {}
        dialect = library.root.value.get("jsonSchemaDialect") if is_object(library.root.value) else None
        group = library.root.member("components")
        group = group.member("schemas") if group else None
        self._components = dict(group.members()) if group else {}
        self._dialect = _unread_dialect(dialect)

    def modern(self, site: Site) -> Modern:
        """The keywords of a schema in 2020-12; none for `true`, and `not` for `false`."""
        if not is_object(site.value):
            return Modern({} if site.value is True else {"not": {}})
        if site.key not in self._modern:
            self._modern[site.key] = modern(site.value, new=self.new)
        return self._modern[site.key]

    def target(self, site: Site) -> Site | None:
        """Where the `$ref` of a schema leads, one step."""
        reference = site.value.get("$ref") if is_object(site.value) else None
        return self.library.follow(site, reference) if isinstance(reference, str) else None

    def components(self) -> list[Site]:
        """The schemas of the main document's components."""
        return list(self._components.values())

    def component(self, name: str) -> Site | None:
        """A schema of the main document's components by its name."""
        return self._components.get(name)

    def below(self, site: Site, keywords: frozenset[str]) -> Iterator[tuple[str, Site]]:
        """The subschemas of a schema under some keywords, references not followed."""
        if is_object(site.value) and (self.new or "$ref" not in site.value):
            yield from ((keyword, below) for keyword, below in subschemas(site) if keyword in keywords)

    def in_place(self, site: Site) -> Iterator[Site]:
        """The schema itself and all that judge the same value with it, each once."""
        yield from self._walk(site, IN_PLACE)

    def _walk(self, site: Site, keywords: frozenset[str]) -> Iterator[Site]:
        """The schema, what it refers to and its subschemas under some keywords, each once."""
        seen: set[Key] = set()
        left = [site]
        while left:
            here = left.pop()
            if here.key in seen:
                continue
            seen.add(here.key)
            yield here
            left.extend(below for _, below in self.below(here, keywords))
            target = self.target(here)
            if target:
                left.append(target)

    def _declared_here(self, site: Site) -> bool:
        return any(
            is_object(here.value) and any(name in self.modern(here).keywords for name in DECLARING)
            for here in self._text(site)
        )

    def _text(self, site: Site) -> Iterator[Site]:
        """The schema and what judges the same value in its own text, references not followed."""
        left = [site]
        while left:
            here = left.pop()
            yield here
            left.extend(below for _, below in self.below(here, IN_PLACE))

    def _targets(self, site: Site) -> list[Site]:
        found = (self.target(here) for here in self._text(site))
        return [target for target in found if target]

    def loops(self, site: Site) -> bool:
        """Whether judging a value by the schema leads to judging the same value by it again."""
        return self._together.cyclic(site)

    def declares(self, site: Site) -> bool:
        """Whether the place says anything about which members an object has."""
        if site.key not in self._declares:
            self._declares[site.key] = self._declared_here(site) or any(
                True in self._together.facts(target) for target in self._targets(site)
            )
        return self._declares[site.key]

    def closable(self, site: Site) -> bool:
        """Whether an object that declares its members can stand anywhere in the value."""
        return any(said.declares for said in self._reach(site))

    def nested(self, site: Site) -> bool:
        """Whether such an object can stand below the value itself."""
        return any(self.closable(child) for here in self.in_place(site) for _, child in self.below(here, CHILDREN))

    def directional(self, site: Site) -> bool:
        """Whether a member that is only read or only written can be reached."""
        return any(said.read_only or said.write_only for said in self._reach(site))

    def unread(self, site: Site) -> list[str]:
        """What a reachable schema uses that Yett cannot read yet."""
        found = {reason for said in self._reach(site) for reason in said.unread}
        return sorted(found | ({self._dialect} if self._dialect else set()))

    def marked(self, site: Site, keyword: str) -> bool:
        """Whether `readOnly` or `writeOnly` is true for a member, itself or where it leads."""
        return any(
            is_object(here.value) and here.value.get(keyword) is True and (self.new or "$ref" not in here.value)
            for here in self._walk(site, frozenset({"allOf"}))
        )

    def _reach(self, site: Site) -> frozenset[Said]:
        """What is said by the schema and by everything that can be reached from it."""
        own = self._own_of(site)
        return frozenset({own.said}).union(*(self._reached.facts(target) for target in own.refs))

    def _own_of(self, site: Site) -> Own:
        if site.key not in self._own:
            self._own[site.key] = _Scan(self).run(site)
        return self._own[site.key]


def _unread_dialect(dialect: Json) -> str | None:
    if dialect is None or (isinstance(dialect, str) and dialect.rstrip("#") in _DIALECTS):
        return None
    return f"the schema dialect {dialect}"


class _Scan:
    """One pass over the text of a schema."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._refs: list[Site] = []
        self._flags: dict[str, bool] = {"declares": False, "readOnly": False, "writeOnly": False}
        self._unread: set[str] = set()

    def run(self, site: Site) -> Own:
        left = [site]
        if self._schemas.loops(site):
            self._unread.add("a schema that refers to itself without a member or an item between")
        while left:
            here = left.pop()
            if is_object(here.value):
                self._look(here)
                left.extend(below for keyword, below in self._below(here) if keyword not in ("$defs", "definitions"))
        flags = self._flags
        said = Said(flags["declares"], flags["readOnly"], flags["writeOnly"], frozenset(self._unread))
        return Own(tuple(self._refs), said)

    def _below(self, site: Site) -> Iterator[tuple[str, Site]]:
        return subschemas(site) if self._schemas.new or "$ref" not in site.value else iter(())

    def _look(self, site: Site) -> None:
        target = self._schemas.target(site)
        if target:
            self._refs.append(target)
            if not self._schemas.new:
                return
        self._flags["declares"] |= any(name in site.value for name in DECLARING)
        for keyword in ("readOnly", "writeOnly"):
            self._flags[keyword] |= site.value.get(keyword) is True
        for keyword in ("$dynamicRef", "$id"):
            if isinstance(site.value.get(keyword), str):
                self._unread.add(f"{keyword} in a schema")
        reason = _unread_dialect(site.value.get("$schema"))
        if reason:
            self._unread.add(reason)
