"""Inheritance by `allOf` from a schema with a discriminator and no union: who inherits, and which value names whom.

OpenAPI 3.1.1 §4.8.25.4: a place that refers to the parent admits those who inherit from it, as the value chooses.
Whoever inherits must carry the value that names it, wherever it is referred to; as the base of another it need not.
"""

from __future__ import annotations

from yett.openapi.discriminator import Chosen, choose
from yett.openapi.json_types import is_object
from yett.openapi.library import Site
from yett.openapi.schemas import Key, Schemas


class Families:
    """All families of one description, found when it is built."""

    def __init__(self, schemas: Schemas) -> None:
        """Look through the components."""
        self._schemas = schemas
        self._heirs: dict[Key, list[Site]] = {}
        self._members: dict[Key, list[tuple[Site, Chosen | None]]] = {}
        self._demands: dict[Key, list[Chosen]] = {}
        parents = {site.key: self._parents(site) for site in schemas.components()}
        for parent in schemas.components():
            if _is_parent(schemas, parent):
                self._add(parent, parents)

    def _parents(self, site: Site) -> frozenset[Key]:
        """What a schema refers to directly in `allOf`."""
        targets = [self._schemas.target(part) for _, part in self._schemas.below(site, frozenset({"allOf"}))]
        return frozenset(target.key for target in targets if target)

    def _add(self, parent: Site, parents: dict[Key, frozenset[Key]]) -> None:
        found: dict[Key, Site] = {parent.key: parent}
        growing = True
        while growing:
            new = [
                site
                for site in self._schemas.components()
                if site.key not in found and parents[site.key] & found.keys()
            ]
            found.update((site.key, site) for site in new)
            growing = bool(new)
        heirs = [site for key, site in found.items() if key != parent.key]
        if not heirs:
            return
        self._heirs[parent.key] = heirs
        members = [*heirs, parent]
        chosen = choose(self._schemas, parent, members)
        named = list(zip(members, chosen, strict=True))
        # The parent itself is a branch only where a value names it.
        self._members[parent.key] = [
            (site, asked) for site, asked in named if site is not parent or (asked and asked.values)
        ]
        for site, asked in named[:-1]:
            if asked:
                self._demands.setdefault(site.key, []).append(asked)

    def members(self, parent: Site) -> list[tuple[Site, Chosen | None]]:
        """The branches of a parent and what names each; empty for a schema that is none."""
        return self._members.get(parent.key, [])

    def demands(self, site: Site) -> list[Chosen]:
        """What an heir must carry."""
        return self._demands.get(site.key, [])

    def knows(self, site: Site) -> bool:
        """Whether a schema is a parent or an heir."""
        return site.key in self._heirs or site.key in self._demands

    def inherits(self, heir: Site, target: Site) -> bool:
        """Whether `target`, in the `allOf` of `heir`, is what it inherits from."""
        return heir.key in self._demands and self.knows(target)


def _is_parent(schemas: Schemas, site: Site) -> bool:
    if not is_object(site.value) or not is_object(site.value.get("discriminator")):
        return False
    if not schemas.new and "$ref" in site.value:
        return False
    return "oneOf" not in site.value and "anyOf" not in site.value
