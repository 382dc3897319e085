"""What each operation demands of its caller: the description's schemes as the plan verifies them, else closed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from yett.controls.api_key import ApiKey
from yett.controls.authenticate import Credential
from yett.openapi import Description, Operation, Scheme
from yett.openapi.problem import Place, Problems
from yett.policy.api import Api
from yett.policy.names import one_of
from yett.policy.operations import Names
from yett.policy.read import PlanFile

Demands = list[list[dict[str, Any]]]
OPEN_TO_ALL: Demands = [[]]


class Security:
    """Joins the security of one description with `security`, `credentials` and `authorize` of its API."""

    def __init__(self, file: PlanFile, name: str, description: Description, names: Names, problems: Problems) -> None:
        """Check what the plan says; what is wrong with it becomes `problems`."""
        self._file, self._name, self._problems = file, name, problems
        self._api: Api = file.plan.apis[name]
        self._description = description
        self._verifiable = {key: each for key, each in self._api.credentials.items() if self._fits(key, each)}
        self._public = self._find_public(names)
        self._roles: dict[int, list[str]] = {}
        self._scopes: dict[int, list[str]] = {}
        self._check_default()
        self._read_rules(names)

    def _place(self, *below: str | int, key: bool = False) -> Place:
        return self._file.place("apis", self._name, *below, key=key)

    # credentials

    @property
    def verifiable(self) -> dict[str, Credential]:
        """The credentials that can be verified, by their scheme."""
        return self._verifiable

    def header_of(self, scheme: str) -> str | None:
        """The header that the description names for an API key."""
        described = self._description.schemes.get(scheme)
        return (
            described.parameter if described and (described.kind, described.location) == ("apiKey", "header") else None
        )

    def _fits(self, name: str, credential: Credential) -> bool:
        scheme = self._description.schemes.get(name)
        if scheme is None:
            if name not in (self._api.security.default or []):
                known = [*self._description.schemes, *(self._api.security.default or [])]
                found = f"the credential {name!r}, which nothing asks for"
                expected = one_of(name, known) if known else f"`security: {{default: {name}}}`, which asks for it"
                self._problems.error(self._place("credentials", name, key=True), found, expected)
            return True
        if credential.jwt is not None:
            return self._fits_jwt(scheme)
        return self._fits_key(scheme, credential.api_key or ApiKey())

    def _fits_jwt(self, scheme: Scheme) -> bool:
        by_header = scheme.kind == "apiKey" and (scheme.location, scheme.parameter.lower()) == (
            "header",
            "authorization",
        )
        bearer = scheme.kind == "http" and scheme.scheme == "bearer"
        if not (bearer or by_header or scheme.kind in ("oauth2", "openIdConnect")):
            expected = "a scheme of type http bearer, oauth2 or openIdConnect: tokens travel as `Authorization: Bearer`"
            place = self._place("credentials", scheme.name, "jwt", key=True)
            self._problems.error(place, f"`jwt` for {described(scheme)}", expected)
        return True

    def _fits_key(self, scheme: Scheme, key: ApiKey) -> bool:
        if scheme.kind == "mutualTLS" or (scheme.kind == "http" and scheme.scheme != "bearer"):
            place = self._place("credentials", scheme.name, "api_key", key=True)
            self._problems.error(place, f"`api_key` for {described(scheme)}", "a scheme of another type")
        return not (scheme.kind == "apiKey" and scheme.location != "header" and key.header is None)

    # what the plan says of operations

    def _check_default(self) -> None:
        for number, name in enumerate(self._api.security.default or []):
            if name not in self._api.credentials:
                place = self._place("security", "default", number)
                found = f"the credential {name!r}, of which the plan says nothing"
                known = self._api.credentials
                expected = (
                    one_of(name, known) if known else f"`credentials: {{{name}: …}}`, which says how it is verified"
                )
                self._problems.error(place, found, expected)

    def _find_public(self, names: Names) -> set[int]:
        found: set[int] = set()
        for number, name in enumerate(self._api.security.public):
            place = self._place("security", "public", number)
            index = names.find(name, place)
            if index is None:
                continue
            operation = self._description.operations[index]
            if operation.security is not None and not is_public(operation):
                asked = " or ".join("+".join(scheme for scheme, _ in all_of) for all_of in operation.security)
                expected = "an operation whose description says nothing; change the description to open this one"
                self._problems.error(place, f"{name!r}, which the description guards by {asked}", expected)
            found.add(index)
        return found

    def _read_rules(self, names: Names) -> None:
        for number, rule in enumerate(self._api.authorize):
            for position, name in enumerate(rule.operations):
                place = self._place("authorize", number, "operations", position)
                index = names.find(name, place)
                if index is None:
                    continue
                if [] in self._demands(index, self._description.operations[index])[0]:
                    self._problems.error(
                        place, f"{name!r}, which strangers may call", "an operation that needs a credential"
                    )
                if rule.role is not None and index in self._roles:
                    expected = "one rule with a role for each operation; `role: [a, b]` asks for one of several"
                    self._problems.error(place, f"a second role for {name!r}", expected)
                self._roles |= {index: rule.role} if rule.role else {}
                self._scopes.setdefault(index, []).extend(rule.scope or [])

    # what an operation demands

    def roles(self, index: int) -> list[str]:
        """The roles of which a caller needs one."""
        return self._roles.get(index, [])

    def demands(self, index: int, operation: Operation) -> tuple[Demands, str | None]:
        """The alternatives of which one must hold; and why nobody may call the operation, if so."""
        demands, closed = self._demands(index, operation)
        extra = self._scopes.get(index, [])
        for demand in (each for all_of in demands for each in all_of):
            demand["scopes"] = list(dict.fromkeys([*demand["scopes"], *extra]))
        return demands, closed

    def default(self) -> Demands:
        """What an operation demands of which the description says nothing."""
        return [[{"credential": name, "scopes": []}] for name in self._api.security.default or []]

    def _demands(self, index: int, operation: Operation) -> tuple[Demands, str | None]:
        if index in self._public or is_public(operation):
            return OPEN_TO_ALL, None
        if operation.security is None:
            closed = (
                None
                if self._api.security.default
                else "neither description nor `security.default` says who may call it"
            )
            return self.default(), closed
        verified = [
            [{"credential": scheme, "scopes": list(scopes)} for scheme, scopes in all_of]
            for all_of in operation.security
            if all(scheme in self._verifiable for scheme, _ in all_of)
        ]
        return verified, None if verified else self._why_closed(operation)

    def _why_closed(self, operation: Operation) -> str:
        needed = {scheme for all_of in operation.security or [] for scheme, _ in all_of} - self._verifiable.keys()
        return f"it needs {' or '.join(self._unverified(scheme) for scheme in sorted(needed))}"

    def _unverified(self, name: str) -> str:
        scheme = self._description.schemes.get(name)
        kind = f" ({described(scheme)})" if scheme else ""
        said = "which is not built yet" if name in self._api.credentials else "of which `credentials` says nothing"
        return f"{name}{kind}, {said}"


def is_public(operation: Operation) -> bool:
    """Whether the description itself opens an operation to strangers without more."""
    return operation.security in ([], [[]])


def asked(demands: Demands, roles: list[str]) -> Hashable:
    """What an operation asks for: equal wherever the same callers may call."""
    alternatives = frozenset(
        frozenset((each["credential"], frozenset(each["scopes"])) for each in all_of) for all_of in demands
    )
    return alternatives, frozenset(roles)


def described(scheme: Scheme) -> str:
    """A scheme as an error names it."""
    if scheme.kind == "apiKey":
        return f"an API key in {'the ' if scheme.location != 'cookie' else 'a '}{scheme.location} {scheme.parameter}"
    return f"http {scheme.scheme}" if scheme.kind == "http" else scheme.kind
