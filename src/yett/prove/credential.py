"""What a message of a proof shows: tokens and API keys with everything that an attack may change about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import digest
from typing import Any

from yett.prove.issuer import KID, Issuer, Members

LIFE = 600


@dataclass
class Token:
    """A bearer token of a JWT credential; `claims` and `header` replace what is benign, `None` leaves a member out."""

    scheme: str
    jwt: dict[str, Any]
    issuer: Issuer
    scopes: list[str]
    roles: list[str]
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    header: dict[str, Any] = field(default_factory=dict[str, Any])
    before: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    signer: str = "own"
    is_broken: bool = False
    is_padded: bool = False
    times: int = 1

    def headers(self, subject: str, now: int) -> list[tuple[str, str]]:
        """The header lines that show it."""
        return self.lines(self.issuer.sign(self._header(), self._claims(subject, now), self.signer))

    def lines(self, text: str) -> list[tuple[str, str]]:
        """The header lines that show a text as the token."""
        if self.is_broken:
            text = f"{text[:-9]}{'B' if text[-9] == 'A' else 'A'}{text[-8:]}"
        if self.is_padded:
            text += "=" * 2
        return [("Authorization", f"Bearer {text}")] * self.times

    def _header(self) -> Members:
        types: list[str] = self.jwt["types"]
        benign = {"alg": "ES256", "kid": KID, "typ": types[0] if types else "JWT"}
        return _without_none(benign | self.header)

    def _claims(self, subject: str, now: int) -> Members:
        """Times among the changes are relative to now."""
        benign: dict[str, Any] = {
            "iss": self.jwt["issuer"],
            "aud": self.jwt["audience"][0],
            "sub": subject,
            "iat": now,
            "exp": now + LIFE,
            self.jwt["scope_claim"]: " ".join(self.scopes),
        }
        _place(benign, self.jwt["role_claim"].split("/")[1:], self.roles)
        changed = {
            name: now + value if name in ("exp", "nbf", "iat") and isinstance(value, int) else value
            for name, value in self.claims.items()
        }
        return [*self.before, *_without_none(benign | changed)]


def _without_none(members: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in members.items() if value is not None]


def _place(claims: dict[str, Any], pointer: list[str], value: list[str]) -> None:
    """Write a value at a JSON pointer, whose objects are made where they are missing."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer]
    for name in names[:-1]:
        claims = claims.setdefault(name, {})
    claims[names[-1]] = value


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What the proof's store knows of a key; `presented` is the key itself, known to nobody but the proof."""

    presented: str
    subject: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    expires: int | None

    def as_json(self) -> dict[str, Any]:
        """The fields of the engine's `ApiKeyRecord`."""
        return {
            "id": f"k_{self.presented[-8:]}",
            "subject": self.subject,
            "scopes": list(self.scopes),
            "roles": list(self.roles),
            "expires": self.expires,
        }


class KeyStore:
    """The API keys of a proof, each made when it is first shown; `learn` hears of each new one."""

    def __init__(self) -> None:
        """Empty, and nobody listens."""
        self._known: dict[tuple[Any, ...], KeyRecord] = {}
        self.learn: list[Callable[[KeyRecord], None]] = []

    def rows(self, pepper: bytes) -> list[dict[str, Any]]:
        """Every key so far, as the control protocol has it."""
        return [
            {"hmac": digest(pepper, record.presented.encode(), "sha256").hex(), **record.as_json()}
            for record in self._known.values()
        ]

    def key(self, subject: str, scopes: list[str], roles: list[str], expires: int | None) -> str:
        """A key that the store knows; the same one for the same record."""
        wanted = (subject, tuple(scopes), tuple(roles), expires)
        if wanted not in self._known:
            record = KeyRecord(f"proof-{len(self._known):08}", *wanted)
            self._known[wanted] = record
            for hear in self.learn:
                hear(record)
        return self._known[wanted].presented


@dataclass
class ShownKey:
    """An API key in its header; `text` is shown instead of a key that the store knows."""

    scheme: str
    header: str
    store: KeyStore
    scopes: list[str]
    roles: list[str]
    is_expired: bool = False
    text: str | None = None
    times: int = 1

    def headers(self, subject: str, now: int) -> list[tuple[str, str]]:
        """The header lines that show it."""
        expires = now - 1 if self.is_expired else None
        text = self.text
        if text is None:
            text = self.store.key(subject, self.scopes, self.roles, expires)
        return [(self.header, text)] * self.times


Credential = Token | ShownKey
