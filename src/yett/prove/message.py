"""A message in the making: a benign request, and after the changes of a case the attack; then what is sent."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from yett.prove.credential import Credential, KeyStore, ShownKey, Token
from yett.prove.issuer import Issuer
from yett.prove.site import Site

Headers = list[tuple[str, str]]


@dataclass
class Reply:
    """What the stub upstream answers."""

    status: int
    headers: Headers
    body: bytes

    def as_json(self) -> dict[str, Any]:
        """As the prover takes it."""
        return {"status": self.status, "headers": _lower(self.headers), "body": b64encode(self.body).decode()}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it is sent: text is latin-1, one character an octet."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    peer: str
    reply: Reply | None

    def attempt(self, now: int, without: str | None) -> bytes:
        """As the prover takes it."""
        document = {
            "now": now,
            "peer": self.peer,
            "method": self.method,
            "target": self.target,
            "headers": _lower(self.headers),
            "body": None if self.body is None else b64encode(self.body).decode(),
            "answer": self.reply.as_json() if self.reply else None,
            "without": without,
        }
        return json.dumps(document).encode()


def _lower(headers: Headers | tuple[tuple[str, str], ...]) -> Headers:
    return [(name.lower(), value) for name, value in headers]


@dataclass
class Message:
    """What a case changes. `path` is raw and holds the base; `query` raw names and values; `target` overrides both."""

    site: Site
    method: str
    path: str
    query: list[tuple[str, str | None]]
    headers: Headers
    body: bytes | None
    shown: list[Credential]
    authority: str | None
    reply: Reply | None = None
    target: str | None = None
    prefix: str = ""
    is_from_proxy: bool = False
    repeats: int = 1
    varies: str = ""

    def sent(self, now: int, subject: str, peer: str) -> Sent:
        """The request as this subject sends it, from this address."""
        headers = [("Host", self.authority)] if self.authority is not None else []
        headers += self.headers
        for credential in self.shown:
            headers += credential.headers(subject, now)
        return Sent(self.method, self._target(), tuple(headers), self.body, peer, self.reply)

    def _target(self) -> str:
        if self.target is not None:
            return self.target
        query = "&".join(name if value is None else f"{name}={value}" for name, value in self.query)
        return f"{self.prefix}{self.path}{'?' if self.query else ''}{query}"

    def tokens(self) -> list[Token]:
        """The tokens that it shows."""
        return [credential for credential in self.shown if isinstance(credential, Token)]

    def keys(self) -> list[ShownKey]:
        """The API keys that it shows."""
        return [credential for credential in self.shown if isinstance(credential, ShownKey)]


def benign(site: Site, issuer: Issuer, store: KeyStore) -> Message:
    """The unchanged request: the twin. Raises `NoExampleError`."""
    request = site.request
    target, _, query = request.target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return Message(
        site,
        request.method,
        site.base + target,
        [(name, value if equals else None) for name, equals, value in pairs],
        [*request.headers],
        request.body,
        [_credential(site, demand, issuer, store) for demand in site.demands],
        site.host,
    )


def _credential(site: Site, demand: dict[str, Any], issuer: Issuer, store: KeyStore) -> Credential:
    scheme: str = demand["credential"]
    credential = site.api["credentials"][scheme]
    scopes, roles = list(demand["scopes"]), list(site.plan["roles"][:1])
    if "jwt" in credential:
        return Token(scheme, credential["jwt"], issuer, scopes, roles)
    return ShownKey(scheme, credential["api_key"]["header"], store, scopes, roles)


def with_reply(message: Message) -> Message:
    """The same with the benign answer of its operation behind it."""
    answer = message.site.answer
    if answer is None:
        return message
    headers = [] if answer.media_type is None else [("Content-Type", answer.media_type)]
    return replace(message, reply=Reply(answer.status, headers, answer.body))


def preflight(message: Message) -> Message:
    """A preflight for the operation from an origin that the plan allows (Fetch standard)."""
    cors = message.site.api["cors"]
    origin = "https://app.example" if "*" in cors["origins"] else cors["origins"][0]
    asked = [("Origin", origin), ("Access-Control-Request-Method", message.method)]
    return replace(message, method="OPTIONS", headers=asked, body=None, shown=[])
