"""Property: whoever leaves, dawdles or asks for too much gets what the gateway would give, and evidence says so."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from yett.asgi import Yett
from yett.policy.read import read_plan
from yett.serve.asgi.answering import Answering, Ways
from yett.serve.asgi.exchange import Exchange
from yett.serve.asgi.held import Budget, Held
from yett.serve.asgi.patience import Patience
from yett.store.keys import Keys

NOW = 1_800_000_000 * 10**9
PLAN = """\
yett: 1
evidence: [{file: evidence.jsonl}]
log: {level: error}
gateway: {held: 2KiB, timeouts: {body: 100ms}}
apis:
  a:
    openapi: openapi.json
    upstream: {urls: [http://127.0.0.1:9], timeout: 100ms}
    security: {default: key, public: [POST /judged]}
    credentials: {key: {api_key: {}}}
    unlisted: report
"""
TEXT = {"application/json": {"schema": {"type": "string"}}}
DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "a", "version": "1"},
    "paths": {
        "/judged": {
            "post": {"requestBody": {"content": TEXT}, "responses": {"200": {"description": "it", "content": TEXT}}}
        }
    },
}


class Client:
    """Sends these parts, and keeps what it gets."""

    def __init__(self, *parts: bytes, then: str = "") -> None:
        self._parts, self._then = list(parts), then
        self.got: list[dict] = []
        self.waits = asyncio.Event()

    async def receive(self) -> dict:
        if self._parts:
            body = self._parts.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self._parts or self._then)}
        if self._then == "leaves":
            return {"type": "http.disconnect"}
        self.waits.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: dict) -> None:
        self.got.append(message)

    @property
    def status(self) -> int:
        return self.got[0]["status"] if self.got else 0


class Wrapped:
    """An app in a folder of its own; what it is asked is in `asked`."""

    def __init__(self, folder) -> None:
        self._folder = folder
        (folder / "yett.yaml").write_text(PLAN)
        (folder / "openapi.json").write_text(json.dumps(DESCRIPTION))
        self.asked: list[dict] = []
        self.app = echo
        self._key = Keys.of(read_plan(folder / "yett.yaml")).add("anna", NOW // 10**9)[1].encode()
        self.guard = Yett(self._called, folder / "yett.yaml", clock=NOW)

    async def _called(self, scope, receive, send) -> None:
        self.asked.append(scope)
        await self.app(scope, receive, send)

    async def ask(self, path: str, client: Client) -> None:
        """Bodies to /judged are held; what nothing describes is streamed."""
        headers = [(b"host", b"a.example"), (b"content-type", b"application/json"), (b"x-api-key", self._key)]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("192.0.2.7", 1)}
        await self.guard(scope, client.receive, client.send)

    def evidence(self) -> dict:
        self.guard.close()
        return json.loads((self._folder / "evidence.jsonl").read_text().splitlines()[-1])


async def echo(scope, receive, send) -> None:
    """Answers a text as long as what it was sent."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client went away")
        length += len(message["body"])
        if not message["more_body"]:
            break
    await answer(send, b"application/json", b'"%s"' % (b"a" * length))


async def answer(send, kind: bytes, *parts: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    for number, part in enumerate(parts, 1):
        await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})


@pytest.fixture
def wrapped(tmp_path):
    wrapped = Wrapped(tmp_path)
    yield wrapped
    wrapped.guard.close()


def ended(wrapped: Wrapped) -> tuple[str, str | None, int]:
    line = wrapped.evidence()
    return line["decision"], line.get("reason"), line["status"]


def test_a_client_that_leaves_within_a_body_is_not_permitted(wrapped):
    client = Client(b'"a', then="leaves")
    asyncio.run(wrapped.ask("/judged", client))
    assert (wrapped.asked, client.got) == ([], [])
    decision, reason, status = ended(wrapped)
    assert (reason, status) == ("admit.body.cut", 0)
    assert decision != "permitted"


def test_a_request_that_its_server_ends_is_not_permitted(wrapped):
    async def cancelled() -> None:
        client = Client(b'"a', then="waits")
        asking = asyncio.create_task(wrapped.ask("/judged", client))
        await client.waits.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(cancelled())
    decision, reason, status = ended(wrapped)
    assert (reason, status) == ("admit.body.cut", 0)
    assert decision != "permitted"


def test_a_request_that_is_ended_while_the_app_has_it_was_permitted(wrapped):
    begun = asyncio.Event()

    async def waits(scope, receive, send):
        begun.set()
        await asyncio.Event().wait()

    async def cancelled() -> None:
        asking = asyncio.create_task(wrapped.ask("/judged", Client(b'"a"')))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    wrapped.app = waits
    asyncio.run(cancelled())
    assert ended(wrapped) == ("permitted", None, 0)


def test_a_body_that_comes_too_late(wrapped):
    client = Client(b'"a', then="waits")
    asyncio.run(wrapped.ask("/judged", client))
    assert (client.status, wrapped.asked) == (408, [])
    assert ended(wrapped)[1:] == ("upstream.body.late", 408)


@pytest.mark.parametrize(
    ("then", "status", "reason"), [("waits", 408, "upstream.body.late"), ("leaves", 0, "admit.body.cut")]
)
def test_a_streamed_body_that_does_not_come_whole(wrapped, then, status, reason):
    client = Client(b"abc", then=then)
    with pytest.raises(ConnectionError):
        asyncio.run(wrapped.ask("/streamed", client))
    assert client.status == status
    assert ended(wrapped)[1:] == (reason, status)


def test_held_requests_have_a_budget(wrapped):
    client = Client(b'"' + b"a" * 1000, b"a" * 2000 + b'"')
    asyncio.run(wrapped.ask("/judged", client))
    assert (client.status, wrapped.asked) == (503, [])
    assert ended(wrapped)[1:] == ("upstream.memory.exhausted", 503)


def test_held_replies_have_a_budget_that_is_given_back(wrapped):
    async def large(scope, receive, send):
        await answer(send, b"application/json", b'"' + b"a" * 2500, b'"')

    for _ in range(5):
        client = Client(b'"' + b"a" * 800 + b'"')
        asyncio.run(wrapped.ask("/judged", client))
        assert client.status == 200
    wrapped.app = large
    client = Client(b'"a"')
    asyncio.run(wrapped.ask("/judged", client))
    assert client.status == 503
    assert ended(wrapped)[1:] == ("upstream.memory.exhausted", 503)


@pytest.mark.parametrize("path", ["/judged", "/streamed"])
def test_an_app_that_does_not_answer(wrapped, path):
    async def waits(scope, receive, send):
        await receive()
        await asyncio.Event().wait()

    wrapped.app = waits
    client = Client(b'"a"')
    asyncio.run(wrapped.ask(path, client))
    assert client.status == 504
    assert ended(wrapped)[1:] == ("upstream.answer.late", 504)


def test_an_app_that_does_not_end_its_answer(wrapped):
    async def waits(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await asyncio.Event().wait()

    wrapped.app = waits
    client = Client(b'"a"')
    asyncio.run(wrapped.ask("/judged", client))
    assert client.status == 504


def test_a_time_out_of_the_app_itself_is_its_own(wrapped):
    async def fails(scope, receive, send):
        raise TimeoutError("its database")

    wrapped.app = fails
    client = Client(b'"a"')
    with pytest.raises(TimeoutError, match="its database"):
        asyncio.run(wrapped.ask("/judged", client))
    assert client.status == 500


def test_a_stream_and_what_follows_an_answer_may_take_long(wrapped):
    async def long(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/csv")]})
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=0.25)
        await send({"type": "http.response.body", "body": b"a,b\n"})

    wrapped.app = long
    client = Client(b"a")
    asyncio.run(wrapped.ask("/streamed", client))
    assert b"".join(each.get("body", b"") for each in client.got) == b"a,b\n"


class Needy:
    """A request of an engine that misses a fact where it read all of the head before."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def head(self) -> tuple:
        return "hold", 100

    def body(self, body, streamed=False) -> tuple:
        return ("fetch",)

    def reply(self, status, headers, body, streamed=False) -> tuple:
        return ("fetch",)

    def reply_need(self, status, headers) -> tuple:
        return "discard", 0

    def fault(self, reason: str) -> tuple:
        self.faults.append(reason)
        return "answer", 503, [], b""

    def end(self, status: int) -> None:
        self.status = status


def test_a_fact_that_a_body_would_need_is_refused():
    needy, client = Needy(), Client(b"a")
    keeper = SimpleNamespace(
        shell=lambda: SimpleNamespace(request=lambda *_: needy), held=lambda: Held(Budget(), 100), body_seconds=1.0
    )
    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(Exchange(keeper, echo, scope, client.receive, client.send).run())  # type: ignore[arg-type]
    assert (needy.faults, client.status, needy.status) == (["engine.fact.unavailable"], 503, 503)


def test_a_fact_that_a_reply_would_need_is_refused():
    needy, told = Needy(), []

    async def keep(answered) -> None:
        told.append(answered)

    async def run() -> None:
        async with Patience(1.0) as patience:
            answering = Answering(needy, Held(Budget(), 100), patience, Ways(keep, keep))  # type: ignore[arg-type]
            await answer(answering.send, b"text/plain", b"a")

    asyncio.run(run())
    assert needy.faults == ["engine.fact.unavailable"]
    assert told[0][1] == 503
