"""What Yett knows of an API once its description is read: plain values for policy, prove and the engine; no reading
here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from yett.openapi.json_types import Json
from yett.openapi.load import Document, Where
from yett.openapi.problem import Place, Problem
from yett.openapi.template import decoded
from yett.openapi.texts import Texts

Security = list[list[tuple[str, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme: `kind` is apiKey, http, mutualTLS, oauth2 or openIdConnect; the rest as far as the kind has
    it.
    """

    name: str
    kind: str
    where: Where
    location: str = ""
    parameter: str = ""
    scheme: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def takes_tokens(self) -> bool:
        """Whether it is shown as `Authorization: Bearer`."""
        return (self.kind, self.scheme) == ("http", "bearer") or self.kind in ("oauth2", "openIdConnect")

    @property
    def place(self) -> Place:
        """Where it is defined."""
        return self.where.place


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter; `location` is path, query, header or cookie, `examples` are the description's own."""

    location: str
    name: str
    required: bool
    style: str
    explode: bool
    texts: Texts
    schema: str
    allow_empty: bool = False
    examples: tuple[Json, ...] = ()

    def plan(self) -> dict[str, Json]:
        """As the compiled plan writes it."""
        return {
            "in": self.location,
            "name": self.name,
            "required": self.required,
            "style": self.style,
            "explode": self.explode,
            "types": self.texts.types,
            "items": self.texts.items,
            "members": self.texts.members,
            "others": self.texts.others,
            "member_items": self.texts.member_items,
            "other_items": self.texts.other_items,
            "schema": self.schema,
            "allow_empty": self.allow_empty,
        }


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: JSON media types to schemas (none: any JSON), and the description's examples by media type."""

    required: bool
    content: dict[str, str | None]
    examples: dict[str, tuple[Json, ...]] = field(default_factory=dict[str, tuple[Json, ...]])

    def plan(self) -> dict[str, Json]:
        """As the compiled plan writes it."""
        return {"required": self.required, "content": self.content}


@dataclass(frozen=True, slots=True)
class Reply:
    """A declared reply: media types or ranges to schemas (none: declared, but nothing to read)."""

    content: dict[str, str | None]
    examples: dict[str, tuple[Json, ...]] = field(default_factory=dict[str, tuple[Json, ...]])

    def plan(self) -> dict[str, Json]:
        """As the compiled plan writes it."""
        return {"content": self.content}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method and path template.

    `security` is none where the description says nothing; `[]` and `[[]]` are public; otherwise one alternative must
    hold, with all of its schemes. A `closed` operation has neither parameters nor bodies. `notes` say what of it is
    not offered.
    """

    id: str
    method: str
    path: str
    where: Where
    security: Security | None
    closed: str | None = None
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where its method stands."""
        return self.where.place

    @property
    def template(self) -> str:
        """Its path as requests are compared with it: decoded; as written where it is closed, perhaps for its path."""
        return self.path if self.closed else decoded(self.path)

    def plan(self) -> dict[str, Json]:
        """As the compiled plan writes it, without `security` and `roles`, which are the policy's."""
        return {
            "id": self.id,
            "method": self.method,
            "path": self.template,
            "closed": self.closed,
            "parameters": [parameter.plan() for parameter in self.parameters],
            "body": self.body.plan() if self.body else None,
            "replies": {status: reply.plan() for status, reply in self.replies.items()},
        }


@dataclass(frozen=True, slots=True)
class Description:
    """One API: `schemas` is the shared `$defs` (`annotated`: with its examples), `sources` where each comes from."""

    title: str
    base: str
    files: tuple[Path, ...]
    document: Document
    operations: tuple[Operation, ...]
    schemas: dict[str, Json]
    annotated: dict[str, Json]
    schemes: dict[str, Scheme]
    sources: dict[str, Where]
    unclosed: tuple[Where, ...]
    warnings: tuple[Problem, ...]

    def schema_place(self, name: str) -> Place:
        """Where the schema `#/$defs/NAME` comes from."""
        where = self.sources.get(name)
        return where.place if where else self.document.place()

    @property
    def open_places(self) -> tuple[Place, ...]:
        """Where an object may have any members, because the description declares none."""
        return tuple(sorted({where.place for where in self.unclosed}))
