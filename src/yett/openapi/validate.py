"""Is this an OpenAPI 3.0 or 3.1 description? Walks every object by the table in `shape`, following references.

Judges structure only; what needs two places at once (templates, ids, schemes) is in `rules`.
"""

from __future__ import annotations

import re

from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.keywords import KEYWORDS, LISTS, MAPS, subschemas
from yett.openapi.library import Library, Site
from yett.openapi.pattern import UnsupportedPatternError, parse_pattern
from yett.openapi.problem import Problems, shown
from yett.openapi.shape import EXTENSIBLE_MAPS, REFERABLE, SHAPES
from yett.openapi.shape import MAPS as NAMED_MAPS

_VERSION = re.compile(r"3\.(0|1)\.[0-9]+(-[-.0-9A-Za-z]+)?\Z")
_PRIMITIVES: dict[str, tuple[type, str]] = {"string": (str, "a string"), "boolean": (bool, "true or false")}


def is_31(root: Json) -> bool:
    """Whether a description says that it is OpenAPI 3.1."""
    return is_object(root) and str(root.get("openapi", "")).startswith("3.1")


def validate(library: Library, problems: Problems) -> None:
    """Add to `problems` everything that makes the description structurally invalid."""
    root = library.root
    if not is_object(root.value) or "openapi" not in root.value:
        kind = "a Swagger 2.0 document" if is_object(root.value) and "swagger" in root.value else shown(root.value)
        problems.error(root.place(), f"{kind} without `openapi`", "an OpenAPI 3.0 or 3.1 description")
        return
    version = root.value["openapi"]
    if not isinstance(version, str) or not _VERSION.match(version):
        problems.error(root.below("openapi").place(), shown(version), "3.0.x or 3.1.x")
        return
    _Walk(library, problems, is_31(root.value)).run(root)


class _Walk:
    """Visits each object once per kind, breadth first, with a list of what is left to see."""

    def __init__(self, library: Library, problems: Problems, new: bool) -> None:
        self._library = library
        self._problems = problems
        self._new = new
        self._keywords = KEYWORDS[new]
        self._seen: set[tuple[str, tuple[str, ...], str]] = set()
        self._left: list[tuple[Site, str]] = []

    def run(self, root: Site) -> None:
        self._left.append((root, "OpenAPI"))
        while self._left:
            site, kind = self._left.pop()
            key = (*site.key, kind)
            if key not in self._seen:
                self._seen.add(key)
                self._visit(site, kind)

    def _error(self, site: Site, found: str, expected: str, *, key: bool = False) -> None:
        self._problems.error(site.place(key=key), found, expected)

    def _visit(self, site: Site, kind: str) -> None:
        if kind == "Schema":
            self._schema(site)
        elif not is_object(site.value):
            self._error(site, shown(site.value), f"an object ({kind})")
        elif kind in REFERABLE and "$ref" in site.value:
            self._reference(site, kind)
        elif kind in NAMED_MAPS:
            self._named(site, kind)
        else:
            self._object(site, kind)

    def _reference(self, site: Site, kind: str) -> None:
        reference = site.below("$ref")
        if not isinstance(reference.value, str):
            self._error(reference, shown(reference.value), "a reference")
            return
        target = self._library.follow(site, reference.value)
        if target is not None:
            self._left.append((target, kind))
        if kind == "PathItem":
            self._object(site, kind)

    def _named(self, site: Site, kind: str) -> None:
        if kind == "Responses" and not site.value:
            self._error(site, "no reply", "at least one, which the Responses Object requires")
        for name, below in site.members():
            if not (kind in EXTENSIBLE_MAPS and name.startswith("x-")):
                self._field(below, NAMED_MAPS[kind])

    def _object(self, site: Site, kind: str) -> None:
        shape = SHAPES[kind]
        for name, below in site.members():
            field = shape.fields.get(name) or (shape.since_31.get(name) if self._new else None)
            if field is not None:
                self._field(below, field)
            elif not name.startswith("x-"):
                self._error(below, f"the field {name!r}", f"a field of the {kind} Object, or an x- extension", key=True)
        for name in self._required(kind):
            if name not in site.value:
                self._error(site, f"no {name!r}", f"{name}, which the {kind} Object requires")

    def _required(self, kind: str) -> tuple[str, ...]:
        required = SHAPES[kind].required
        if self._new:
            return required
        return required + {"OpenAPI": ("paths",), "Operation": ("responses",)}.get(kind, ())

    def _field(self, site: Site, field: str) -> None:
        if field == "any":
            return
        if field in _PRIMITIVES:
            kind, expected = _PRIMITIVES[field]
            if not isinstance(site.value, kind):
                self._error(site, shown(site.value), expected)
        elif field.startswith("["):
            self._each(site, list, "a list", field[1:-1])
        elif field.startswith("{"):
            self._each(site, dict, "an object", field[1:-1])
        else:
            self._left.append((site, field))

    def _each(self, site: Site, kind: type, expected: str, field: str) -> None:
        if not isinstance(site.value, kind):
            self._error(site, shown(site.value), expected)
            return
        for below in [*site.items(), *(member for _, member in site.members())]:
            self._field(below, field)

    def _schema(self, site: Site) -> None:
        if isinstance(site.value, bool):
            if not self._new and site.pointer[-1:] != ("additionalProperties",):
                self._error(site, shown(site.value), "an object (OpenAPI 3.0 has no boolean schemas here)")
            return
        if not is_object(site.value):
            self._error(site, shown(site.value), "a schema")
            return
        if isinstance(site.value.get("$ref"), str):
            target = self._library.follow(site, site.value["$ref"])
            if target is not None:
                self._left.append((target, "Schema"))
            if not self._new:
                return
        if "$schema" in site.value:
            return  # another dialect, perhaps: the operations that reach it are closed
        self._keyword_values(site)
        self._left.extend((below, "Schema") for _, below in subschemas(site))

    def _keyword_values(self, site: Site) -> None:
        for keyword, below in site.members():
            fits, expected = self._keywords.get(keyword, (None, ""))
            if fits is not None and not fits(below.value):
                self._misfit(keyword, below, expected)
            elif keyword in LISTS and not (is_array(below.value) and below.value):
                self._error(below, shown(below.value), "a list of at least one schema")
            elif keyword in MAPS and not is_object(below.value):
                self._error(below, shown(below.value), "an object of schemas")
            elif keyword in ("pattern", "patternProperties"):
                self._patterns(below)
        if "$recursiveRef" in site.value:
            expected = "$ref or $dynamicRef; JSON Schema 2020-12 ignores $recursiveRef"
            self._problems.warn(site.below("$recursiveRef").place(key=True), "$recursiveRef", expected)
        if not self._new and site.value.get("type") == "array" and "items" not in site.value:
            expected = "items, which OpenAPI 3.0 requires beside type: array; read as items: {}"
            self._problems.warn(site.place(), "an array without items", expected)

    def _misfit(self, keyword: str, site: Site, expected: str) -> None:
        """Two frequent slips have one meaning: they are told and read so."""
        if keyword == "required" and is_array(site.value) and all(isinstance(name, str) for name in site.value):
            self._problems.warn(site.place(), "a name twice", f"{expected}; read as once")
        elif keyword in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(site.value, bool):
            self._problems.warn(site.place(), shown(site.value), f"{expected}; read as OpenAPI 3.0 reads it")
        else:
            self._error(site, shown(site.value), expected)

    def _patterns(self, site: Site) -> None:
        for pattern in [site.value] if isinstance(site.value, str) else list(site.value):
            try:
                parse_pattern(pattern)
            except UnsupportedPatternError as error:
                self._error(site, f"the pattern {shown(pattern)} ({error})", "a pattern that a linear engine can run")
