"""Each operation of a description → what the plan needs of it; what Yett cannot read yet closes the operation and
says why.
"""

from __future__ import annotations

from collections.abc import Iterator

from yett.openapi.bundle import Bundle, Direction
from yett.openapi.description import Body, Operation, Parameter, Reply, Security
from yett.openapi.json_types import Json, is_object
from yett.openapi.library import Library, Site
from yett.openapi.media import covers_json, is_json, media_types, readable
from yett.openapi.problem import Problems
from yett.openapi.rules import Entry, entries
from yett.openapi.schemas import Schemas
from yett.openapi.servers import base_path
from yett.openapi.template import names_in, unreachable
from yett.openapi.texts import texts
from yett.openapi.values import admitted_types

_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}


class Operations:
    """Reads the operations of one description, and fills its bundle."""

    def __init__(self, library: Library, schemas: Schemas, bundle: Bundle, problems: Problems) -> None:
        """Nothing is read yet."""
        self._library = library
        self._schemas = schemas
        self._bundle = bundle
        self._problems = problems
        self._base = base_path(library.root, problems)

    def read(self) -> Iterator[Operation]:
        """All of them, in the order of the document."""
        for entry in entries(self._library):
            yield self._operation(entry)

    def _operation(self, entry: Entry) -> Operation:
        method = entry.method.upper()
        identity = entry.site.value.get("operationId") or f"{method} {entry.path}"
        security = self._security(entry.site)
        reasons = list(dict.fromkeys(self._reasons(entry)))
        where = entry.site.where(key=True)
        if reasons:
            return Operation(identity, method, entry.path, where, security, closed="; ".join(reasons))
        notes: list[str] = []
        return Operation(
            identity,
            method,
            entry.path,
            where,
            security,
            parameters=tuple(self._parameter(identity, site) for site in _offered(entry)),
            body=self._body(identity, entry, notes),
            replies=self._replies(identity, entry, notes),
            notes=tuple(notes),
        )

    # why an operation is closed

    def _reasons(self, entry: Entry) -> Iterator[str]:
        if entry.method == "trace":
            yield "TRACE is never forwarded (RFC 9110 §9.3.8)"
        if set(entry.path) & set("?#"):
            yield "its path holds a query or a fragment, which no path has"
        part = unreachable(entry.path)
        if part is not None:
            yield f"its path holds {part}, which is refused in every request"
        names = names_in(entry.path)
        if len(set(names)) != len(names):
            yield "its path names a parameter twice"
        if "}{" in entry.path:
            yield "its path has two parameters with nothing between them"
        for owner in (entry.site, entry.item):
            if owner.member("servers"):
                base = base_path(owner, self._problems)
                if base != self._base:
                    yield f"its own servers stand below {base or '/'}, the API below {self._base or '/'}"
                break
        for site in _offered(entry):
            yield from self._parameter_reasons(site)
        yield from self._body_reasons(entry)
        for status, reply in self._settled_replies(entry):
            for name, media in readable(media_types(reply)).items():
                yield from self._schema_reasons(media, f"reply {status} {name}")

    def _schema_reasons(self, owner: Site, where: str) -> Iterator[str]:
        schema = owner.member("schema")
        yield from (f"{where} uses {reason}" for reason in (self._schemas.unread(schema) if schema else []))

    def _parameter_reasons(self, site: Site) -> Iterator[str]:
        where = f"the {site.value['in']} parameter {site.value['name']}"
        types = media_types(site)
        if not types:
            yield from self._schema_reasons(site, where)
        for name, media in types.items():
            if is_json(name):
                yield from self._schema_reasons(media, where)
            else:
                yield f"{where} is {name}, which is not read yet"

    def _body_reasons(self, entry: Entry) -> Iterator[str]:
        body = self._settled(entry.site, "requestBody")
        types = media_types(body) if body else {}
        offered = readable(types)
        if types and not offered:
            yield f"the body is {' or '.join(types)}, which is not read yet"
        for name, media in offered.items():
            yield from self._schema_reasons(media, f"the body {name}")

    # what is offered

    def _settled(self, site: Site, field: str) -> Site | None:
        written = site.member(field)
        return self._library.settle(written) if written else None

    def _settled_replies(self, entry: Entry) -> Iterator[tuple[str, Site]]:
        replies = entry.site.member("responses")
        for status, written in replies.members() if replies else []:
            site = None if status.startswith("x-") else self._library.settle(written)
            if site:
                yield status, site

    def _security(self, site: Site) -> Security | None:
        owner = site if "security" in site.value else self._library.root
        demanded = owner.value.get("security")
        if demanded is None:
            return None
        return [[(name, tuple(scopes)) for name, scopes in demand.items()] for demand in demanded]

    def _place(self, owner: Site, direction: Direction, name: str) -> str | None:
        schema = owner.member("schema")
        return self._bundle.place(schema, direction, name) if schema else None

    def _parameter(self, identity: str, site: Site) -> Parameter:
        value = site.value
        location, name = value["in"], value["name"]
        types = media_types(site)
        owner = next(iter(types.values())) if types else site
        style = "json" if types else value.get("style", _STYLES[location])
        schema = owner.member("schema")
        proposed = f"{identity}.{location}.{name}"
        pointer = self._bundle.place(schema, "in", proposed) if schema else self._bundle.anything()
        return Parameter(
            location=location,
            name=name,
            required=value.get("required", False),
            style=style,
            explode=value.get("explode", style == "form"),
            texts=texts(self._schemas, schema),
            schema=pointer,
            allow_empty=value.get("allowEmptyValue", False),
            examples=tuple(self._examples(owner)),
        )

    def _body(self, identity: str, entry: Entry, notes: list[str]) -> Body | None:
        body = self._settled(entry.site, "requestBody")
        types = media_types(body) if body else {}
        if body is None or not types:
            return None
        offered = readable(types)
        notes.extend(
            f"a body of {name} is not read yet, and refused"
            for name in types
            if not is_json(name) and not covers_json(name)
        )
        content = {name: self._place(media, "in", f"{identity}.body") for name, media in offered.items()}
        notes.extend(self._vague("body", content))
        examples = {name: tuple(self._examples(media)) for name, media in offered.items()}
        return Body(body.value.get("required", False), content, examples)

    def _replies(self, identity: str, entry: Entry, notes: list[str]) -> dict[str, Reply]:
        return {status: self._reply(identity, status, site, notes) for status, site in self._settled_replies(entry)}

    def _reply(self, identity: str, status: str, site: Site, notes: list[str]) -> Reply:
        types = media_types(site)
        offered = readable(types)
        content = {kind: self._place(media, "out", f"{identity}.{status}") for kind, media in offered.items()}
        notes.extend(self._vague(f"reply {status}", content))
        for kind, media in types.items():
            if kind not in content and not (covers_json(kind) and self._is_structured(media)):
                content[kind] = None
                notes.append(f"a reply of {kind} is passed on without being read")
        return Reply(content, {kind: tuple(self._examples(media)) for kind, media in offered.items()})

    def _vague(self, where: str, content: dict[str, str | None]) -> Iterator[str]:
        for name, schema in content.items():
            if schema is None or self._bundle.says_nothing(schema):
                yield f"the {where} of {name} may hold anything: no schema declares its members"

    def _is_structured(self, media: Site) -> bool:
        """Whether only JSON can satisfy the schema of a range of media types."""
        schema = media.member("schema")
        return schema is not None and not admitted_types(self._schemas, schema) & {"string"}

    def _examples(self, owner: Site) -> Iterator[Json]:
        """`example`, then `examples`, of a parameter or a media type."""
        if "example" in owner.value:
            yield owner.value["example"]
        named = owner.member("examples")
        for _, written in named.members() if named else []:
            example = self._library.settle(written)
            if example and is_object(example.value) and "value" in example.value:
                yield example.value["value"]


def _offered(entry: Entry) -> list[Site]:
    """The parameters of an operation, without the three headers that OpenAPI says to ignore."""
    return [
        site
        for (location, name), site in entry.parameters.items()
        if not (location == "header" and name in _IGNORED_HEADERS)
    ]
