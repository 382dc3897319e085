"""`discriminator`: which values of the member choose which branch, so that no value can pass by a branch it does not
name.

OpenAPI 3.1.1 §4.8.25. A `mapping` entry replaces the implicit name (that of the component) of its branch. Where a
branch itself fixes the member by `const` or `enum`, and the branches' values differ, these values choose: many
descriptions write them and no mapping. A branch that is neither named nor fixes the member is left as it is.
"""

from __future__ import annotations

from typing import NamedTuple

from yett.openapi.json_types import Json, is_object
from yett.openapi.library import Site
from yett.openapi.schemas import Key, Schemas
from yett.openapi.values import admitted_types, tags


class Chosen(NamedTuple):
    """What a branch must have besides its own schema: the member, and one of `values` if they are known."""

    name: str
    values: tuple[str, ...] | None

    def keywords(self) -> dict[str, Json]:
        """As keywords beside the branch."""
        keywords: dict[str, Json] = {"required": [self.name]}
        if self.values is not None:
            keywords["properties"] = {self.name: {"enum": list(self.values)}}
        return keywords


def choose(schemas: Schemas, site: Site, branches: list[Site]) -> list[Chosen | None]:
    """For each branch of the union at `site`, what its discriminator asks; none for what is not an object."""
    written = site.value.get("discriminator")
    if not is_object(written):
        return [None] * len(branches)
    name: str = written["propertyName"]
    mapped = _mapped(schemas, site, written.get("mapping", {}))
    own = [tags(schemas, branch, name) for branch in branches]
    fixed = _differ([values for values in own if values is not None])
    chosen: list[Chosen | None] = []
    for branch, values in zip(branches, own, strict=True):
        if "object" not in admitted_types(schemas, branch):
            chosen.append(None)
        else:
            chosen.append(Chosen(name, _values(schemas, branch, mapped, values, fixed)))
    return chosen


def _values(
    schemas: Schemas, branch: Site, mapped: dict[Key, list[str]], own: frozenset[str] | None, fixed: bool
) -> tuple[str, ...] | None:
    target = schemas.target(branch) or branch
    explicit = mapped.get(target.key)
    if explicit:
        return tuple(explicit)
    if own is not None and fixed:
        return None
    implicit = target.pointer[-1] if "schemas" in target.pointer[-2:-1] else None
    if implicit is None or (own is not None and implicit not in own):
        return None
    return (implicit,)


def _differ(sets: list[frozenset[str]]) -> bool:
    return sum(map(len, sets)) == len(frozenset[str]().union(*sets))


def _mapped(schemas: Schemas, site: Site, mapping: dict[str, str]) -> dict[Key, list[str]]:
    """The values of `mapping` by the schema that each leads to."""
    found: dict[Key, list[str]] = {}
    for value, target in mapping.items():
        named = schemas.component(target)
        reached = named or schemas.library.follow(site, target)
        if reached:
            found.setdefault(reached.key, []).append(value)
    return found
