"""The part of the plan about one API: which controls guard it. What each may be told stands in `controls`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from yett.controls.authenticate import Credential, Security
from yett.controls.contract import Contract
from yett.controls.limit import DEFAULT_LIMITS, Limits
from yett.controls.receive import Receive
from yett.controls.resolve import Cors, Match
from yett.controls.role import Roles
from yett.controls.scope import Scopes
from yett.controls.upstream import Upstream
from yett.controls.validate import Validate
from yett.policy.given import Given
from yett.policy.section import Section, wrong
from yett.policy.values import HEADER, Mode, Text

_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

# The list of the OWASP REST Security Cheat Sheet. HSTS is said over TLS alone (RFC 6797 §7.2).
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
FRAMING = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
        "proxy-connection",
        "server",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)


class Rule(Section):
    """An entry of `authorize`: what a caller of some operations needs beside a verified credential."""

    not_built: ClassVar[Mapping[str, str]] = {
        "owner": "who owns an object is not checked until then",
        "when": "conditions are not checked until then",
        "cedar": "policies of Cedar are not read until then",
        "subject": "write a role until then",
        "deny": "every rule asks for something until then",
    }

    operations: list[str] = Field(min_length=1, description="By operationId, or as `GET /path`")
    role: Roles | None = Field(default=None, description="A role, or several of which one is needed")
    scope: Scopes | None = Field(default=None, description="Scopes beyond those of the description, all of them")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.role is None and self.scope is None:
            raise wrong("`role` or `scope`", "a rule that asks for nothing")
        return self


class Source(Section):
    """`source`: where the description was fetched, and what it was then. `yett update` writes it."""

    url: Text = Field(description="Where `yett update` fetches it again")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file as it was fetched")

    @field_validator("url")
    @classmethod
    def _open(cls, url: str) -> str:
        if "@" in url.partition("://")[2].partition("/")[0]:
            raise wrong("a URL without a user or a password", "a URL with a user or a password")
        return url


class Api(Section):
    """An entry of `apis`: a description, where permitted requests go, and what guards them."""

    not_built: ClassVar[Mapping[str, str]] = {
        "inspect": "free text is not looked into until then",
        "guards": "only the controls of `yett schema` stand until then",
        "python": "no Python guard runs until then",
        "cache": "every permitted request goes to the upstream until then",
        "graphql": "it is seen as a plain operation until then",
        "mcp": "it is seen as a plain operation until then",
        "tape": "evidence is what is kept until then",
        "websocket": "upgrades are refused until then",
        "streams": "a reply that must be read is held until then",
    }

    openapi: Text = Field(description="The description, a file; `yett init` and `yett update` fetch URLs")
    source: Source | None = Field(default=None, description="Where the description was fetched; `yett init` writes it")
    match: Match = Field(default=Match(), description="The requests that the API answers for")
    upstream: Upstream = Field(description="Where permitted requests go")
    mode: Mode | None = Field(default=None, description="enforce or report; default: the plan's")
    unlisted: Literal["refuse", "report"] | None = Field(
        default=None,
        description="What no operation describes is refused, or reported and passed on by `security.default`;"
        " default: as `mode` says",
    )
    security: Security = Field(default=Security(), description="For operations whose description says nothing")
    credentials: dict[str, Credential] = Field(default={}, description="How each security scheme is verified")
    cors: Cors = Field(default=Cors(), description="Which scripts of other origins may read answers")
    limit: Limits = Field(
        default=DEFAULT_LIMITS, description="Rate limits, or none; default: 50/second, burst 100, by each"
    )
    authorize: list[Rule] = Field(default=[], description="What callers of some operations need")
    contract: Contract = Field(default=Contract(), description="Whether messages are what the description declares")
    validate_: Validate = Field(default=Validate(), alias="validate", description="The limits of request bodies")
    receive: Receive = Field(default=Receive(), description="The limit of replies")
    headers: dict[str, str] = Field(
        default={}, description="Headers put on every answer, beside and instead of the default ones"
    )
    prove: dict[str, Given] = Field(
        default={}, description="Benign values for `yett prove`, by operation, where the description gives none"
    )
    danger_keep_headers: list[str] = Field(default=[], description="Security headers that are left to the upstream")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, value in self.headers.items():
            if name.lower().startswith("access-control-"):
                raise wrong(
                    "`cors: {origins: […]}`, which answers to one origin what it may read",
                    repr(name),
                    ("headers", name),
                )
            if not HEADER.fullmatch(name) or name.lower() in FRAMING:
                raise wrong(
                    "a header that is not about framing, content or the connection", repr(name), ("headers", name)
                )
            if not _VALUE.fullmatch(value):
                raise wrong("visible characters and single lines", None, ("headers", name))
        for number, name in enumerate(self.danger_keep_headers):
            if name.lower() not in SECURITY_HEADERS:
                expected = f"one of {', '.join(SECURITY_HEADERS)}"
                raise wrong(expected, repr(name), ("danger_keep_headers", str(number)))
        return self

    def replaced_headers(self) -> dict[str, tuple[str, str]]:
        """The default headers that the plan writes otherwise: by the name in the plan, its value and the default."""
        lowered = {name: name.lower() for name in self.headers}
        return {
            name: (self.headers[name], SECURITY_HEADERS[low])
            for name, low in lowered.items()
            if low in SECURITY_HEADERS and self.headers[name] != SECURITY_HEADERS[low]
        }

    def answer_headers(self) -> list[tuple[str, str]]:
        """The headers of every answer, in order."""
        kept = {name.lower() for name in self.danger_keep_headers}
        defaults = {name: value for name, value in SECURITY_HEADERS.items() if name not in kept}
        return list((defaults | {name.lower(): value for name, value in self.headers.items()}).items())
