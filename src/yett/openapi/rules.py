"""What OpenAPI demands of several places at once: templates, parameters, ids, schemes. Structure is judged before, in
`validate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from yett.openapi.json_types import is_object
from yett.openapi.library import Library, Site
from yett.openapi.problem import Problems, shown
from yett.openapi.shape import METHODS
from yett.openapi.template import TemplateError, names_in, structure, texts_of

_STATUS = re.compile(r"([1-5]([0-9]{2}|XX)|default)\Z")
_COMPONENT = re.compile(r"[a-zA-Z0-9._-]+\Z")
_MEDIA_TYPE = re.compile(r"[-!#$&^_.+*%'`|~0-9A-Za-z]+/[-!#$&^_.+*%'`|~0-9A-Za-z]+\s*(;.*)?\Z")
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_SCHEME_NEEDS = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
}
_FLOW_NEEDS = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}


class Entry(NamedTuple):
    """One operation as it stands in the document: its path item with references settled, and its own parameters
    added.
    """

    method: str
    path: str
    item: Site
    site: Site
    parameters: dict[tuple[str, str], Site]


def entries(library: Library) -> Iterator[Entry]:
    """Each operation of `paths`, with the parameters that it has, its own before the path's."""
    paths = library.root.member("paths")
    for path, written in paths.members() if paths else []:
        items = [] if path.startswith("x-") else _items(library, written)
        seen: set[str] = set()
        for item in items:
            shared = {key: site for each in reversed(items) for key, site in _parameters(library, each).items()}
            for method, site in item.members():
                if method in METHODS and method not in seen:
                    seen.add(method)
                    yield Entry(method, path, item, site, shared | _parameters(library, site))


def _items(library: Library, written: Site) -> list[Site]:
    """A path item and those that it refers to; what stands beside a reference goes before what it leads to."""
    items = [written]
    while isinstance(items[-1].value.get("$ref"), str):
        target = library.follow(items[-1], items[-1].value["$ref"])
        if target is None or any(target.key == item.key for item in items):
            break
        items.append(target)
    return items


def _parameters(library: Library, site: Site) -> dict[tuple[str, str], Site]:
    listed = site.member("parameters")
    settled = [library.settle(item) for item in listed.items()] if listed else []
    return {(found.value["in"], _name(found)): found for found in settled if found and _is_parameter(found)}


def _is_parameter(site: Site) -> bool:
    return is_object(site.value) and all(isinstance(site.value.get(field), str) for field in ("in", "name"))


def _name(site: Site) -> str:
    name: str = site.value["name"]
    return name.lower() if site.value["in"] == "header" else name


def check_rules(library: Library, problems: Problems) -> None:
    """Add to `problems` what contradicts itself in a structurally sound description."""
    checks = _Rules(library, problems)
    checks.paths()
    checks.components()
    ids: dict[str, Site] = {}
    for entry in entries(library):
        checks.operation(entry)
        checks.identity(entry, ids)
    checks.security(library.root)


class _Rules:
    def __init__(self, library: Library, problems: Problems) -> None:
        self._library = library
        self._problems = problems
        schemes = library.root.value.get("components", {}).get("securitySchemes", {})
        self._schemes: frozenset[str] = frozenset(schemes)

    def _error(self, site: Site, found: str, expected: str, *, key: bool = False) -> None:
        self._problems.error(site.place(key=key), found, expected)

    def paths(self) -> None:
        """Each template starts with a slash, is well formed, and differs from all others by more than its names."""
        known: dict[str, str] = {}
        paths = self._library.root.member("paths")
        for path, site in paths.members() if paths else []:
            if path.startswith("x-"):
                continue
            try:
                form = structure(path)
            except TemplateError:
                self._error(site, f"the path {shown(path)}", "UTF-8, percent-encoded: %C3%A9, and %25 for %", key=True)
                continue
            if not path.startswith("/") or set("{}") & set(texts_of(path)) or "" in names_in(path):
                self._error(site, f"the path {shown(path)}", "/ and segments, with {name} for parameters", key=True)
            if form in known:
                self._error(site, f"{path}, which overlaps {known[form]}", "one path for each template", key=True)
            known.setdefault(form, path)

    def components(self) -> None:
        """Names of components have a restricted alphabet; schemes are complete."""
        for kind, group in self._library.root.value.get("components", {}).items():
            if kind.startswith("x-"):
                continue
            site = self._library.root.below("components", kind)
            for name in group:
                if not _COMPONENT.match(name):
                    self._error(
                        site.below(name), f"the name {shown(name)}", "letters, digits, `.`, `_` and `-`", key=True
                    )
                elif kind == "securitySchemes":
                    self._scheme(site.below(name))

    def _scheme(self, written: Site) -> None:
        site = self._library.settle(written)
        if site is None:
            return
        kind = site.value["type"]
        if kind not in (*_SCHEME_NEEDS, "mutualTLS"):
            expected = "apiKey, http, mutualTLS, oauth2 or openIdConnect"
            self._error(site.below("type"), shown(kind), expected)
        self._needs(site, _SCHEME_NEEDS.get(kind, ()), f"a scheme of type {kind}")
        if kind == "apiKey" and site.value.get("in", "header") not in ("query", "header", "cookie"):
            self._error(site.below("in"), shown(site.value["in"]), "query, header or cookie")
        for name, flow in site.below("flows").members() if kind == "oauth2" and "flows" in site.value else []:
            self._needs(flow, _FLOW_NEEDS.get(name, ()), f"the flow {name}")

    def _needs(self, site: Site, fields: tuple[str, ...], of: str) -> None:
        for field in fields:
            if field not in site.value:
                self._error(site, f"no {field!r}", f"{field}, which {of} requires")

    def security(self, site: Site) -> None:
        """Every scheme that is demanded is defined."""
        demands = site.member("security")
        for demand in demands.items() if demands else []:
            for name, below in demand.members():
                if name not in self._schemes:
                    known = ", ".join(sorted(self._schemes)) or "none is defined"
                    self._error(
                        below, f"the security scheme {shown(name)}", f"one of securitySchemes: {known}", key=True
                    )

    def identity(self, entry: Entry, ids: dict[str, Site]) -> None:
        """An operationId names one operation."""
        site = entry.site.member("operationId")
        if site is None:
            return
        if site.value in ids:
            self._error(
                site, f"the operationId {shown(site.value)} again", f"an own one (first at {ids[site.value].place()})"
            )
        ids.setdefault(site.value, site)

    def operation(self, entry: Entry) -> None:
        """Parameters fit the template and their place; replies and media types are named as they may be."""
        self.security(entry.site)
        for owner in (entry.item, entry.site):
            self._repeats(owner)
        for parameter in entry.parameters.values():
            self._parameter(parameter, entry)
        for name in names_in(entry.path):
            if ("path", name) not in entry.parameters:
                self._error(
                    entry.site, f"no path parameter {name!r}", f"one, since {entry.path} has {{{name}}}", key=True
                )
        responses = entry.site.member("responses")
        for status, reply in responses.members() if responses else []:
            if not status.startswith("x-"):
                self._reply(status, reply)
        body = self._settled(entry.site, "requestBody")
        if body:
            self._content(body)

    def _settled(self, site: Site, field: str) -> Site | None:
        written = site.member(field)
        return self._library.settle(written) if written else None

    def _repeats(self, owner: Site) -> None:
        listed = owner.member("parameters")
        known: set[tuple[str, str]] = set()
        for item in listed.items() if listed else []:
            site = self._library.settle(item)
            key = (site.value["in"], _name(site)) if site and _is_parameter(site) else None
            if key in known:
                self._error(item, f"the {key[0]} parameter {key[1]!r} again", "each parameter once")
            if key:
                known.add(key)

    def _parameter(self, site: Site, entry: Entry) -> None:
        where, name = site.value["in"], site.value["name"]
        if where not in _STYLES:
            self._error(site.below("in"), shown(where), "path, query, header or cookie")
            return
        if where == "path" and name not in names_in(entry.path):
            self._error(site, f"the path parameter {name!r}", f"a name in the template {entry.path}")
        if where == "path" and site.value.get("required") is not True:
            self._error(site, f"the path parameter {name!r} without required: true", "required: true")
        self._valued(site)
        if site.value.get("style", _STYLES[where][0]) not in _STYLES[where]:
            expected = f"{', '.join(_STYLES[where])} for a {where} parameter"
            self._error(site.below("style"), shown(site.value["style"]), expected)

    def _valued(self, site: Site) -> None:
        """A parameter or header has a schema or one media type."""
        if ("schema" in site.value) == ("content" in site.value):
            found = "both schema and content" if "schema" in site.value else "neither schema nor content"
            self._error(site, found, "one of schema and content")
        elif "content" in site.value and len(site.value["content"]) != 1:
            self._error(site.below("content"), f"{len(site.value['content'])} media types", "exactly one")
        self._content(site)

    def _reply(self, status: str, written: Site) -> None:
        if not _STATUS.match(status):
            self._error(
                written, f"the reply {shown(status)}", "a status such as 200, a range such as 2XX, or default", key=True
            )
        site = self._library.settle(written)
        if site is None:
            return
        self._content(site)
        headers = site.member("headers")
        for _, header in headers.members() if headers else []:
            settled = self._library.settle(header)
            if settled:
                self._valued(settled)

    def _content(self, site: Site) -> None:
        content = site.member("content")
        for name, below in content.members() if content else []:
            if not _MEDIA_TYPE.match(name):
                self._error(below, f"the media type {shown(name)}", "type/subtype", key=True)
