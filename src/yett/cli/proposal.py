"""The plan that `init` proposes for a description, as text with comments. Nothing here weakens a default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from yett.openapi import Description, Scheme

_HEALTH = re.compile(r"/(-/)?(healthz?|livez?|readyz?|ping|status|alive|ready)/?")
_NAMELESS = "api"

_HEAD = """\
# The security plan of this gateway. `yett check` says what is wrong with it, `yett schema` what else can stand here.
yett: 1
gateway:
  listen: [{listen}]
evidence: [{{file: evidence.jsonl}}]
apis:
  {name}:
    openapi: {openapi}
"""
_SOURCE = """\
    source:                     # `yett update` fetches it again and shows what changed
      url: {url}
      sha256: {hash}
"""
_TAIL = """\
    # These are the defaults; write what should be otherwise.
    # limit:
    #   - {by: address, allow: 50/second, burst: 100}
    #   - {by: subject, allow: 50/second, burst: 100}
    # cors: {origins: []}       # which web pages of other origins may read answers
    # mode: report              # guards say what they would refuse, and refuse nothing
    # authorize:
    #   - {operations: [deleteItem], role: admin}
"""


@dataclass(frozen=True)
class Proposal:
    """What is known when the plan is written; `issuer` is `iss`, audience and key set, `source` URL and SHA-256."""

    description: Description
    openapi: str
    upstream: str
    listen: str
    name: str | None
    source: tuple[str, str] | None
    issuer: tuple[str, str | None, str] | None

    @cached_property
    def api(self) -> str:
        """The API's name in the plan."""
        words = re.findall("[a-z0-9]+", (self.name or self.description.title).lower())
        name = "-".join(words)[:40].strip("-") or _NAMELESS
        return name if name[0].isalpha() else f"{_NAMELESS}-{name}"

    @cached_property
    def credentials(self) -> dict[str, str]:
        """How each scheme is verified, as the plan writes it."""
        found: dict[str, str] = {}
        for scheme in self.description.schemes.values():
            proposed = self._credential(scheme)
            if proposed:
                found[scheme.name] = proposed
        if self._default_is_needed and not self._asked & found.keys():
            found.setdefault(*(("bearer", self._tokens(self.issuer)) if self.issuer else ("key", "{api_key: {}}")))
        return found

    @property
    def uses_keys(self) -> bool:
        """Whether callers show a key of Yett's store."""
        return any("api_key" in proposed for proposed in self.credentials.values())

    @cached_property
    def _asked(self) -> set[str]:
        """The schemes that the description asks for somewhere."""
        demanded = (operation.security or [] for operation in self.description.operations)
        return {scheme for alternatives in demanded for all_of in alternatives for scheme, _ in all_of}

    @property
    def _default_is_needed(self) -> bool:
        return any(operation.security is None for operation in self.description.operations)

    def _credential(self, scheme: Scheme) -> str | None:
        bearer = (scheme.kind, scheme.scheme) == ("http", "bearer") or scheme.kind in ("oauth2", "openIdConnect")
        if bearer and self.issuer:
            return self._tokens(self.issuer)
        if bearer:
            return "{api_key: {header: x-api-key}}"
        if scheme.kind == "apiKey" and scheme.location == "header":
            return "{api_key: {}}"
        return None

    def _tokens(self, known: tuple[str, str | None, str]) -> str:
        issuer, audience, jwks = known
        keys = f"{{url: {_text(jwks)}}}" if "://" in jwks else f"{{file: {_text(jwks)}}}"
        return f"{{jwt: {{issuer: {_text(issuer)}, audience: {_text(audience or self.api)}, jwks: {keys}}}}}"

    def text(self) -> str:
        """The whole plan."""
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield _HEAD.format(listen=self.listen, name=self.api, openapi=_text(self.openapi))
        if self.source:
            yield _SOURCE.format(url=_text(self.source[0]), hash=self.source[1])
        if not self.description.base:
            yield "    # match: {base: /v1}        # default: the path of the description's first server\n"
        yield f"    upstream: {{urls: [{_text(self.upstream)}]}}\n"
        yield from self._security()
        yield from self._credentials()
        yield _TAIL

    def _security(self) -> Iterator[str]:
        if not self._default_is_needed:
            return
        default = next(iter(self.credentials))
        yield "    # For operations whose description says nothing about security. `public` opens some to strangers.\n"
        candidates = [
            f"{each.method} {each.path}" for each in self.description.operations if self._is_health(each.path)
        ]
        public = f"   # public: [{', '.join(candidates)}]" if candidates else ""
        yield f"    security: {{default: {_text(default)}}}{public}\n"

    def _is_health(self, path: str) -> bool:
        return _HEALTH.fullmatch(path) is not None

    def _credentials(self) -> Iterator[str]:
        if self.credentials:
            yield "    credentials:                # how each security scheme is verified\n"
        for name, proposed in self.credentials.items():
            yield f"      {_text(name)}: {proposed}\n"
        if self.uses_keys and not self.issuer:
            yield "      # `yett keys add NAME` makes a key. With an issuer of tokens, in place of `api_key`:\n"
            yield "      #   {jwt: {issuer: https://idp.example.com, audience: "
            yield f"{self.api}, jwks: {{url: https://idp.example.com/jwks.json}}}}}}\n"
        for scheme in self.description.schemes.values():
            if scheme.name not in self.credentials:
                yield f"      # {scheme.name} ({scheme.kind}) is not verified yet: operations that need it are closed\n"


def _text(value: str) -> str:
    """A text as YAML reads it back; quoted where it could be anything else."""
    plain = re.fullmatch(r"[A-Za-z_/][A-Za-z0-9_./:-]*", value) and value.lower() not in (
        "true",
        "false",
        "null",
        "yes",
        "no",
    )
    return value if plain and not value.endswith(":") else "'" + value.replace("'", "''") + "'"
