"""The decision vectors as they are written (README.md), read strictly: a key that means nothing is an error."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOW = 1_767_268_800  # 2026-01-01T12:00:00Z, the time at which every vector begins
PLACES = ("engine", "binding", "gateway", "asgi")
Headers = list[tuple[bytes, bytes]]


@cache
def load(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text("utf-8"))


def api_keys() -> dict[str, dict[str, Any]]:
    """What is presented and the store's record, by name."""
    return load("keys.toml")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A body: at most one of the three."""

    json: str | None = None
    body: str | None = None
    octets: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part(Text):
    """An answer, or what is expected of a message."""

    status: int | None = None
    headers: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step(Text):
    """One request, what is answered to it, and what must come of it."""

    send: str
    after: float = 0
    times: int = 1
    headers: list[str] = field(default_factory=list)
    hostless: bool = False
    token: str | None = None
    key: str | None = None
    peer: str | None = None
    secure: bool = False
    fill: dict[str, Any] | None = None
    answer: Part | None = None
    sees: str | None = None
    upstream: Part = Part()
    gets: Part = Part()
    refused: str | None = None
    places: list[str] = field(default_factory=list)
    would: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    operation: str | None = None
    subject: str | None = None
    trace: str | None = None


@dataclass(frozen=True)
class Vector:
    """A short sequence of requests; `number` is its place among those of its plan."""

    file: str
    plan: str
    number: int
    name: str
    why: str
    not_in: dict[str, str]
    steps: list[Step]

    @property
    def id(self) -> str:
        return f"{self.file}: {self.name}"

    def address(self, step: Step) -> str:
        """The client's: its own for each vector of a plan, so that no two share a bucket."""
        return step.peer or f"127.9.{self.number // 250}.{self.number % 250 + 1}"


def checked(kind: type, table: dict[str, Any], where: str) -> Any:
    unknown = table.keys() - {each.name for each in fields(kind)}
    assert not unknown, f"{where}: {sorted(unknown)} mean nothing"
    assert len({"json", "body", "octets"} & table.keys()) <= 1, f"{where}: one body"
    return kind(**table)


def step_of(table: dict[str, Any], where: str) -> Step:
    for name in ("answer", "upstream", "gets"):
        if name in table:
            table = table | {name: checked(Part, table[name], f"{where}: {name}")}
    return checked(Step, table, where)


def vectors_of(path: Path, counts: dict[str, int]) -> Iterator[Vector]:
    written = tomllib.loads(path.read_text("utf-8"))
    plan = written["plan"]
    assert written.keys() == {"plan", "vector"}, path
    for table in written["vector"]:
        name, why, not_in = table.pop("name"), table.pop("why"), table.pop("not_in", {})
        then = table.pop("then", [])
        where = f"{path.stem}: {name}"
        steps = [step_of(each, where) for each in (table, *then)]
        counts[plan] = counts.get(plan, -1) + 1
        yield Vector(path.stem, plan, counts[plan], name, why, not_in, steps)


@cache
def all_vectors() -> tuple[Vector, ...]:
    """All of them, in the order of their files."""
    counts: dict[str, int] = {}
    return tuple(each for path in sorted(HERE.glob("decisions/*.toml")) for each in vectors_of(path, counts))


def in_place(place: str) -> list[Vector]:
    """Those that run in one of `PLACES`."""
    return [each for each in all_vectors() if place not in each.not_in]


@dataclass(frozen=True)
class Sent:
    """A step as octets: placeholders filled in, headers with lower-case names."""

    step: Step
    peer: str

    def fill(self, text: str) -> str:
        text = text.replace("{peer}", self.peer)
        if self.step.fill:
            text = text.replace("{fill}", self.step.fill["text"] * self.step.fill["times"])
        if "{token." in text or "{key." in text:
            for name, token in load("tokens/tokens.toml").items():
                text = text.replace(f"{{token.{name}}}", token)
            for name, key in api_keys().items():
                text = text.replace(f"{{key.{name}}}", key["text"])
        return text

    def pairs(self, lines: list[str]) -> Headers:
        pairs = (self.fill(line).encode("latin-1").split(b":", 1) for line in lines)
        return [(name.lower(), value.strip(b" ")) for name, value in pairs]

    def octets(self, text: Text) -> bytes | None:
        if text.octets is not None:
            return self.fill(text.octets).encode("latin-1")
        written = text.json if text.json is not None else text.body
        return None if written is None else self.fill(written).encode()

    @property
    def method(self) -> str:
        return self.step.send.partition(" ")[0]

    @property
    def target(self) -> bytes:
        return self.fill(self.step.send.partition(" ")[2]).encode("latin-1")

    @property
    def headers(self) -> Headers:
        written = self.pairs(self.step.headers)
        host = [] if self.step.hostless or any(name == b"host" for name, _ in written) else [(b"host", b"shop.example")]
        shown: Headers = []
        if self.step.token:
            shown.append((b"authorization", b"Bearer " + load("tokens/tokens.toml")[self.step.token].encode()))
        if self.step.key:
            shown.append((b"x-api-key", api_keys()[self.step.key]["text"].encode()))
        return typed([*host, *written, *shown], self.step)

    @property
    def body(self) -> bytes | None:
        return self.octets(self.step)

    @property
    def answer(self) -> tuple[int, Headers, bytes]:
        """What the upstream answers."""
        part = self.step.answer
        if part is None:
            return 204, [], b""
        return part.status or 200, typed(self.pairs(part.headers), part), self.octets(part) or b""


def typed(headers: Headers, text: Text) -> Headers:
    if text.json is None or any(name == b"content-type" for name, _ in headers):
        return headers
    return [*headers, (b"content-type", b"application/json")]
