"""What a user may write in the plan about jwt: whose tokens are believed, for whom, and by which keys.

Which algorithms are accepted has no key: each key says it itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from yett.policy.section import Section, wrong
from yett.policy.values import Duration, Size, Text, Texts

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_MINUTE = 60_000


class Jwks(Section):
    """`jwks`: the key set (RFC 7517), from a file beside the plan or by URL."""

    not_built: ClassVar[Mapping[str, str]] = {
        "discovery": "write the URL of the key set",
        "inline": "write the key set into a file and name it",
    }

    file: Text | None = Field(default=None, description="A file with the key set, read when the plan is compiled")
    url: Text | None = Field(default=None, description="https://…, or http:// on loopback")
    refresh: Duration = Field(default=5 * _MINUTE, description="Between two background fetches")
    floor: Duration = Field(default=10_000, description="Least time between two fetches for an unknown `kid`")
    stale: Duration = Field(default=60 * _MINUTE, description="How long a set is used after its last successful fetch")
    timeout: Duration = Field(default=5_000, description="One fetch")
    bytes: Size = Field(default=1024 * 1024, description="Largest answer")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise wrong("one of {file: …} and {url: …}", "neither" if self.file is None else "both")
        if self.url is not None:
            self._check_url(self.url)
        unused = self.model_fields_set - {"file"}
        if self.file is not None and unused:
            raise wrong("keys about fetching only beside `url`", f"{min(unused)!r} beside `file`", (min(unused),))
        if self.stale < self.refresh:
            raise wrong("at least `refresh`", None, ("stale",))
        return self

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise wrong("a URL", None, ("url",)) from None
        loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or loopback):
            raise wrong("https://…, or http:// on loopback", None, ("url",))
        if parts.username is not None or parts.password is not None:
            raise wrong("a URL without a user or a password", "a URL with a user or a password", ("url",))

    def fetched(self) -> dict[str, Any]:
        """A key set by URL, as the compiled plan writes it."""
        keys = ("url", "refresh", "floor", "stale", "timeout", "bytes")
        return {"url": {key: getattr(self, key) for key in keys}}


class Jwt(Section):
    """`jwt`: bearer tokens (RFC 7519) by the rules of RFC 8725."""

    not_built: ClassVar[Mapping[str, str]] = {
        "algorithms": "the algorithm comes from the key; put keys of the wanted algorithms into the key set",
        "discovery": "write `jwks: {url: …}`",
        "introspection": "only signed tokens are verified until then",
        "dpop": "tokens are bearer tokens until then",
        "decrypt": "only signed tokens are verified until then",
    }

    issuer: Text = Field(description="The exact `iss`")
    audience: Texts = Field(description="One of these must be in `aud`")
    jwks: Jwks = Field(description="Where the keys are: {file: …} or {url: …}")
    leeway: Duration = Field(default=30_000, description="Clock skew; in whole seconds")
    types: list[str] = Field(default=[], description="Permitted `typ`; default: JWT, at+jwt or none")
    scope_claim: Text = Field(default="scope", description="The claim with scopes, a text with spaces or a list")
    role_claim: Text = Field(default="roles", description="The claim with roles, or a JSON pointer to it")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.leeway % 1000 or self.leeway > 5 * _MINUTE:
            raise wrong("whole seconds, at most 5m", None, ("leeway",))
        return self

    def plan(self, keys: object) -> dict[str, Any]:
        """As the compiled plan writes it; `keys` is where the key set comes from."""
        pointer = self.role_claim
        if not pointer.startswith("/"):
            pointer = "/" + pointer.replace("~", "~0").replace("/", "~1")
        return {
            "jwt": {
                "issuer": self.issuer,
                "audience": self.audience,
                "keys": keys,
                "leeway": self.leeway // 1000,
                "types": [kind.lower() for kind in self.types],
                "scope_claim": self.scope_claim,
                "role_claim": pointer,
            }
        }
