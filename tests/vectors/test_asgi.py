"""Every decision vector through the ASGI shell: the wrapped app is called in this process, its evidence is read."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from tests.vectors.gateway import rows, witnessed
from tests.vectors.outcome import Message, Outcome, differences
from tests.vectors.plans import FOLDER
from tests.vectors.upstream import BODILESS
from tests.vectors.vector import NOW, Sent, Vector, in_place
from yett._engine import Clock
from yett.asgi import Yett
from yett.policy.read import read_plan
from yett.store.keys import Keys

VECTORS = in_place("asgi")
Played = dict[str, list[Outcome]]
MORE = "evidence: [{file: evidence.jsonl}]\nlog: {level: error}\n"


class App:
    """Answers what it is told, and keeps what it saw."""

    def __init__(self) -> None:
        self.told: tuple[int, list, bytes] = (204, [], b"")
        self.seen: Message | None = None

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        assert unquote_to_bytes(scope["raw_path"]).decode() == scope["path"]
        line = f"{scope['method']} {(scope['raw_path'] + query).decode('latin-1')}"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        self.seen = Message(line, 0, [(bytes(name), bytes(value)) for name, value in scope["headers"]], body)
        status, headers, answered = self.told
        bodiless = scope["method"] == "HEAD" or status in BODILESS
        if not bodiless and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", b"%d" % len(answered))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bodiless else answered})


class Wrapped:
    """One plan around the app, with a clock and API keys of its own."""

    def __init__(self, plan: str, folder: Path) -> None:
        shutil.copytree(FOLDER.parent / "tokens", folder / "tokens")
        self._folder = folder / "plans" / plan
        shutil.copytree(FOLDER / plan, self._folder)
        path = self._folder / "yett.yaml"
        path.write_text(path.read_text("utf-8") + MORE, "utf-8")
        self._app, self._clock = App(), Clock.fixed(0)
        self._yett = Yett(self._app, plan=path, clock=self._clock)
        pepper = bytes.fromhex(Keys.of(read_plan(path)).pepper)
        self._yett._keeper.shell().set_keys(json.dumps(rows(pepper)))

    def close(self) -> list[dict[str, Any]]:
        """Ends it, and gives every line of evidence."""
        self._yett.close()
        return [json.loads(line) for line in (self._folder / "evidence.jsonl").read_text("utf-8").splitlines()]

    async def play(self, vector: Vector) -> list[Outcome]:
        outcomes: list[Outcome] = []
        seconds: float = NOW
        for step in vector.steps:
            seconds += step.after
            self._clock.set(round(seconds * 1000) * 1_000_000)
            sent = Sent(step, vector.address(step))
            outcomes += [await self._ask(sent) for _ in range(step.times)]
        return outcomes

    async def _ask(self, sent: Sent) -> Outcome:
        self._app.told, self._app.seen = sent.answer, None
        got: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": sent.body or b"", "more_body": False}

        async def send(message: dict) -> None:
            got.append(message)

        await self._yett(scope(sent), receive, send)
        start, *parts = got
        assert start["type"] == "http.response.start" and all(part["type"] == "http.response.body" for part in parts)
        body = b"".join(part.get("body", b"") for part in parts)
        return Outcome(
            sent, self._app.seen, Message("", start["status"], list(start["headers"]), body), start["status"]
        )


def scope(sent: Sent) -> dict[str, Any]:
    raw, _, query = sent.target.partition(b"?")
    length = [(b"content-length", b"%d" % len(sent.body))] if sent.body is not None else []
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "https" if sent.step.secure else "http",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "raw_path": raw,
        "query_string": query,
        "root_path": "",
        "headers": [*sent.headers, *length],
        "client": (sent.peer, 4711),
        "server": ("127.0.0.1", 80),
    }


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Callable[[str], Played]:
    """What came of all vectors of a plan; they are played together when the first is asked for."""
    known: dict[str, Played] = {}

    def of(plan: str) -> Played:
        if plan not in known:
            wrapped = Wrapped(plan, tmp_path_factory.mktemp(plan))

            async def everything() -> Played:
                return {each.id: await wrapped.play(each) for each in VECTORS if each.plan == plan}

            outcomes = asyncio.run(everything())
            witnessed(outcomes, wrapped.close())
            known[plan] = outcomes
        return known[plan]

    return of


@pytest.mark.parametrize("vector", VECTORS, ids=[each.id for each in VECTORS])
def test_vector(vector, played):
    assert not differences(played(vector.plan)[vector.id]), vector.why
