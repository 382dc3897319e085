"""The plan that `init` proposes for a description, as text with comments. Nothing here weakens a default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from yett.openapi import Description, Scheme

_HEALTH = re.compile(r"/(-/)?(healthz?|livez?|readyz?|ping|status|alive|ready)/?")
_NAMELESS = "api"
_MOST_NAMES = 8

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
    # mode: report              # guards only say what they would refuse; who may call still holds
"""
_AUTHORIZE = """\
    # authorize:
    #   - {{operations: [{operation}], role: admin}}
"""
_BY_KEY = """\
      # {scheme}: without an issuer, clients of this gateway show a Yett key in X-API-Key, in place of the API's own
      # token. The API then gets no Authorization; where it asks for one itself, it refuses. `--issuer` and `--jwks` of
      # `yett init`, or the lines below, have the real tokens verified and passed on.
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
        if scheme.takes_tokens and self.issuer:
            return self._tokens(self.issuer)
        if scheme.takes_tokens:
            return "{api_key: {header: X-API-Key}}"
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
        yield _HEAD.format(listen=_text(self.listen), name=self.api, openapi=_text(self.openapi))
        if self.source:
            yield _SOURCE.format(url=_text(self.source[0]), hash=self.source[1])
        if not self.description.base:
            yield "    # match: {base: /v1}        # default: the path of the description's first server\n"
        yield f"    upstream: {{urls: [{_text(self.upstream)}]}}\n"
        yield from self._security()
        yield from self._credentials()
        yield _TAIL
        if self._example is not None:
            yield _AUTHORIZE.format(operation=_text(self._example))

    def notes(self) -> Iterator[str]:
        """What changes for clients, and is easily missed."""
        silent = [each.id for each in self.description.operations if each.security is None]
        if silent:
            names = ", ".join([*map(_shown, silent[:_MOST_NAMES]), *(["…"] if len(silent) > _MOST_NAMES else [])])
            yield (
                f"the description of {len(silent)} operation{'s'[: len(silent) != 1]} ({names}) says nothing about "
                "security: by `security.default` strangers may not call them; "
                f"`public: [{', '.join(self._healths or map(_text, silent[:1]))}]` below `security` would open some"
            )

    @cached_property
    def _by_key(self) -> list[str]:
        """The schemes of tokens in whose place callers show a key of Yett's store."""
        return [
            scheme.name
            for scheme in self.description.schemes.values()
            if scheme.takes_tokens and "api_key" in self.credentials.get(scheme.name, "")
        ]

    @cached_property
    def _example(self) -> str | None:
        """The operation that is the likeliest to be for administrators; none where all are open."""
        guarded = [each for each in self.description.operations if each.security != []]
        by_danger = sorted(guarded, key=lambda each: ("DELETE", "PUT", "POST", "PATCH", each.method).index(each.method))
        return by_danger[0].id if by_danger else None

    def _security(self) -> Iterator[str]:
        if not self._default_is_needed:
            return
        default = next(iter(self.credentials))
        yield "    # For operations whose description says nothing about security. `public` opens some to strangers.\n"
        public = f"   # public: [{', '.join(self._healths)}]" if self._healths else ""
        yield f"    security: {{default: {_text(default)}}}{public}\n"

    @cached_property
    def _healths(self) -> list[str]:
        """The operations that are likely to be for strangers."""
        return [f"{each.method} {each.path}" for each in self.description.operations if _HEALTH.fullmatch(each.path)]

    def _credentials(self) -> Iterator[str]:
        if self.credentials:
            yield "    credentials:                # how each security scheme is verified\n"
        for name, proposed in self.credentials.items():
            yield f"      {_text(name)}: {proposed}\n"
        if self._by_key:
            yield _BY_KEY.format(scheme=", ".join(map(_shown, self._by_key)))
        if self.uses_keys and not self.issuer:
            yield "      # `yett keys add NAME` makes a key. With an issuer of tokens, in place of `api_key`:\n"
            yield "      #   {jwt: {issuer: https://idp.example.com, audience: "
            yield f"{self.api}, jwks: {{url: https://idp.example.com/jwks.json}}}}}}\n"
        for scheme in self.description.schemes.values():
            if scheme.name not in self.credentials:
                name = _shown(scheme.name)
                yield f"      # {name} ({scheme.kind}) is not verified yet: operations that need it are closed\n"


def _text(value: str) -> str:
    """A text as YAML reads it back; quoted where it could be anything else."""
    plain = re.fullmatch(r"[A-Za-z_/][A-Za-z0-9_./:-]*|[0-9]+(\.[0-9]+){3}(:[0-9]+)?", value) and value.lower() not in (
        "true",
        "false",
        "null",
        "yes",
        "no",
    )
    if plain and not value.endswith(":"):
        return value
    return "'" + value.replace("'", "''") + "'" if value.isprintable() else _escaped(value)


def _shown(value: str) -> str:
    """A text of the description for a comment or a terminal: what is not printed could end the line, and more."""
    return value if value.isprintable() else _escaped(value)


def _escaped(value: str) -> str:
    """A text in one line, as YAML reads it back."""
    return '"' + "".join(_character(each) for each in value) + '"'


def _character(each: str) -> str:
    if each in '"\\':
        return f"\\{each}"
    return each if each.isprintable() else f"\\U{ord(each):08x}"
