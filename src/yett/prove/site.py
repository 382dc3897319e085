"""A place of the plan that a case can be played at: one operation, one way to be let in, and its benign request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from yett.openapi import Operation
from yett.openapi.example import Answer, Conforms, Examples, NoExampleError, Request
from yett.openapi.json_types import Json, is_object
from yett.openapi.template import in_url


class NoPlaceError(Exception):
    """The change cannot be made here; the text says what the operation lacks. Another operation may have it."""


@dataclass(frozen=True)
class Site:
    """`plan` and `api` are of the compiled document, `demands` one alternative of the operation's security."""

    api_index: int
    api: dict[str, Any]
    index: int
    plan: dict[str, Any]
    described: Operation
    demands: tuple[dict[str, Any], ...]
    examples: Examples
    fits: Conforms
    gateway: dict[str, Any]
    apis: list[dict[str, Any]]
    given: Request | None = None

    @property
    def name(self) -> str:
        """As rows show it."""
        return f"{self.api['name']}: {self.plan['id']}"

    @property
    def host(self) -> str:
        """A host that the API answers for."""
        return host_of(self.api)

    @property
    def base(self) -> str:
        """The API's base as a URL has it."""
        return in_url(self.api["base"])

    def is_answered(self, path: str) -> bool:
        """Whether an API of the plan answers for this host and a path."""
        return any(
            any(_covers(pattern, self.host) for pattern in api["hosts"])
            and f"{path}/".startswith(f"{in_url(api['base'])}/")
            for api in self.apis
        )

    def kinds(self) -> set[str]:
        """How the demands are verified: jwt, api_key."""
        return {kind for demand in self.demands for kind in self.api["credentials"][demand["credential"]]}

    def scopes(self) -> list[str]:
        """Every scope that the demands ask for."""
        return [scope for demand in self.demands for scope in demand["scopes"]]

    @cached_property
    def request(self) -> Request:
        """The benign request. Raises `NoExampleError`."""
        if self.given is not None:
            return self.given
        if self.plan["closed"] is not None:
            return Request(self.described.method, filled(self.described.path, "1"), (), None)
        return self.examples.request(self.described)

    @cached_property
    def answer(self) -> Answer | None:
        """The benign answer; none where none can be made."""
        try:
            return self.examples.reply(self.described)
        except (NoExampleError, ValueError):
            return None

    def conforms(self, reference: str | None, value: Json) -> bool:
        """Whether a value is what a schema of the API describes."""
        return reference is None or self.fits(reference, value)

    def is_union(self, reference: str | None) -> bool:
        """Whether the schema, or one that it refers to, is a choice of several."""
        seen: set[str] = set()
        while reference is not None and reference not in seen:
            seen.add(reference)
            schema: Json = self.api["schemas"].get(reference.removeprefix("#/$defs/"))
            if not is_object(schema):
                return False
            if {"anyOf", "oneOf"} & schema.keys():
                return True
            reference = schema.get("$ref")
        return False

    def parameters(self, location: str) -> list[dict[str, Any]]:
        """The declared parameters of one location, as the plan has them."""
        return [parameter for parameter in self.plan["parameters"] if parameter["in"] == location]

    def body_schema(self) -> str | None:
        """The schema of the benign body; raises `NoPlaceError` where there is no JSON body."""
        if self.plan["body"] is None or self.request.body is None:
            raise NoPlaceError("no JSON body")
        return next(iter(self.plan["body"]["content"].values()))


def host_of(api: dict[str, Any]) -> str:
    """A host that an API of the compiled document answers for."""
    pattern: str = api["hosts"][0]
    return pattern.replace("*", "proof" if pattern.startswith("*.") else "proof.example")


def filled(template: str, text: str) -> str:
    """A path template with a text in the place of each parameter."""
    parts = template.split("{")
    return parts[0] + "".join(text + part.partition("}")[2] for part in parts[1:])


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern.removeprefix("*")) if pattern.startswith("*") else host == pattern
