"""Benign requests and replies of an operation: the description's own examples where they fit, else made from the
schemas.

Everything that leaves has been judged by `conforms`, which is the engine's validator in `yett prove`; what cannot be
made is said, never guessed. The same description and seed give the same request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from yett.openapi.description import Description, Operation, Parameter
from yett.openapi.json_types import Json
from yett.openapi.sample import NoSampleError, Sampler
from yett.openapi.serialize import can_be_text, in_cookies, in_header, in_path, in_query
from yett.openapi.template import in_url

Conforms = Callable[[str, Json], bool]
_SEEDS = 40


class NoExampleError(Exception):
    """No value could be made that fits; the text says for what, and that `prove:` in the plan can give one."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request without credentials; `target` is path and query below the API's base, `values` what it was made
    from.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    values: dict[tuple[str, str], Json] = field(default_factory=dict[tuple[str, str], Json])
    json: Json = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that the description declares."""

    status: int
    media_type: str | None
    body: bytes
    json: Json = None


class Examples:
    """Makes benign values for one description."""

    def __init__(self, description: Description, conforms: Conforms, seed: int = 0) -> None:
        """`conforms(place, value)` says whether a value fits `#/$defs/NAME`; another seed makes other values."""
        self._description = description
        self._conforms = conforms
        self._seed = seed

    def value(self, place: str | None, given: Iterable[Json] = (), what: str = "a value") -> Json:
        """A value for a place: the first of `given` that fits, else a made one. Raises `NoExampleError`."""
        for example in given:
            if place is None or self._conforms(place, example):
                return example
        if place is None:
            return {}
        for sampler in self._samplers():
            try:
                made = sampler.value({"$ref": place})
            except NoSampleError:
                continue
            if self._conforms(place, made):
                return made
        raise NoExampleError(f"{what}: no value that fits {place} could be made; give one under `prove:`")

    def _samplers(self) -> Iterator[Sampler]:
        for seed in range(_SEEDS):
            for full, examples in ((True, True), (True, False), (False, True), (False, False)):
                yield Sampler(self._description.annotated, self._seed + seed, full=full, examples=examples)

    def request(self, operation: Operation, *, optional: bool = True) -> Request:
        """A request that the description admits; with `optional`, optional parameters too where they can be made."""
        values = {(each.location, each.name): value for each, value in self._parameters(operation, optional)}
        path, query, headers = in_url(operation.template), list[tuple[str, str]](), list[tuple[str, str]]()
        cookies: list[str] = []
        for parameter in operation.parameters:
            key = (parameter.location, parameter.name)
            if key not in values:
                continue
            match parameter.location:
                case "path":
                    path = path.replace(f"{{{parameter.name}}}", in_path(parameter, values[key]))
                case "query":
                    query.extend(in_query(parameter, values[key]))
                case "header":
                    headers.append((parameter.name, in_header(parameter, values[key])))
                case _:
                    cookies.extend(in_cookies(parameter, values[key]))
        if cookies:
            headers.append(("Cookie", "; ".join(cookies)))
        media, body = self._body(operation)
        if media is not None:
            headers.append(("Content-Type", media))
        target = path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
        written = None if media is None else _written(body)
        return Request(operation.method, target, tuple(headers), written, values, body)

    def _parameters(self, operation: Operation, optional: bool) -> Iterator[tuple[Parameter, Json]]:
        for parameter in operation.parameters:
            if not (parameter.required or optional):
                continue
            what = f"{operation.id}, {parameter.location} {parameter.name}"
            try:
                value = self.value(parameter.schema, parameter.examples, what)
            except NoExampleError:
                if parameter.required:
                    raise
                continue
            if can_be_text(parameter, value) and (parameter.required or value not in ([], {}, "", None)):
                yield parameter, value
            elif parameter.required:
                raise NoExampleError(f"{what}: {parameter.style} has no text for {json.dumps(value)}")

    def _body(self, operation: Operation) -> tuple[str | None, Json]:
        if operation.body is None:
            return None, None
        media, place = next(iter(operation.body.content.items()))
        return media, self.value(place, operation.body.examples.get(media, ()), f"{operation.id}, body")

    def reply(self, operation: Operation, status: str | None = None) -> Answer:
        """A declared reply: of `status` as the description writes it, else the first that is a success."""
        key = status or next((key for key in sorted(operation.replies) if key.startswith("2")), None)
        key = key or next(iter(operation.replies), None)
        if key is None:
            raise NoExampleError(f"{operation.id}: no reply is declared")
        reply = operation.replies[key]
        number = _status(key, operation)
        for media, place in reply.content.items():
            if place is not None:
                body = self.value(place, reply.examples.get(media, ()), f"{operation.id}, reply {key}")
                return Answer(number, media, _written(body), body)
        return Answer(number, None, b"")


def _status(key: str, operation: Operation) -> int:
    """A status that the description means by `200`, `2XX` or `default`, and by nothing more exact."""
    declared = operation.replies.keys()
    if key == "default":
        first = [] if any(known.startswith("2") for known in declared) else [200]
        ranges = {known[0] for known in declared if known.endswith("XX")}
        numbers = [*first, *(each for each in range(500, 600)), *(each for each in range(400, 500))]
        return next((each for each in numbers if str(each) not in declared and str(each)[0] not in ranges), 599)
    if key.endswith("XX"):
        start = int(key[0]) * 100
        return next((each for each in range(start, start + 100) if str(each) not in declared), start)
    return int(key)


def _written(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
