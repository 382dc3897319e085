"""Property: an app inside Yett answers as it would behind the gateway, and nothing passes that was not judged."""

import asyncio
import json
import queue
import traceback

import httpx
import pytest

from yett.asgi import Yett
from yett.policy.findings import PlanError
from yett.serve.asgi import renewal


def call(guarded, method, path, **options) -> httpx.Response:
    async def one() -> httpx.Response:
        async with guarded.client() as client:
            return await client.request(method, path, **options)

    return asyncio.run(one())


def test_what_is_permitted_reaches_the_app(guarded, key):
    answer = call(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key})
    assert (answer.status_code, answer.json()) == (201, {"item": 7}), "the undeclared field stays inside"
    assert "server" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    [line] = guarded.evidence()
    assert (line["decision"], line["subject"], line["operation"]) == ("permitted", "alice", "order_orders_post")
    assert [said["said"] for said in line["lines"] if said["control"] == "contract"] == ["passed", "altered"]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "reason"),
    [
        ("POST", "/orders", {"json": {"item": 7}}, 401, "authenticate.credential.missing"),
        ("POST", "/orders", {"json": {"item": 7}, "key": "yett_wrong"}, 401, "authenticate.key."),
        ("POST", "/orders", {"json": {"item": "x"}, "key": True}, 422, "contract.body.invalid"),
        ("POST", "/orders", {"json": {"item": 7, "role": "admin"}, "key": True}, 422, "contract.body.undeclared"),
        ("POST", "/orders", {"content": b'{"item": 7, "item": 8}', "key": True}, 400, "validate.body.duplicate"),
        ("POST", "/orders", {"content": b"[" * (1 << 20) + b"]", "key": True}, 413, "validate.body.too_large"),
        ("GET", "/docs", {}, 404, "resolve.operation.unknown"),
        ("GET", "/orders", {}, 405, "resolve.method.unknown"),
        ("GET", "/a%2fb", {}, 400, "admit.path.encoded_slash"),
    ],
)
def test_what_is_refused_never_reaches_the_app(guarded, key, method, path, options, status, reason):
    shown = options.pop("key", None)
    headers = {"content-type": "application/json"} if "content" in options else {}
    if shown:
        headers["x-api-key"] = key if shown is True else shown
    answer = call(guarded, method, path, headers=headers, **options)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    [line] = guarded.evidence()
    assert line["reason"].startswith(reason)
    assert line["trace_id"] == answer.json()["trace_id"]
    assert "secret" not in answer.text


def test_declared_streams_pass_as_they_come(guarded):
    answer = call(guarded, "GET", "/download")
    assert (answer.status_code, answer.text) == (200, "a,b\n1,2\n")
    assert guarded.evidence()[0]["not_inspected"] is True


def test_an_app_that_raises_tells_nothing(guarded):
    answer = call(guarded, "GET", "/broken")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.json()["type"] == "urn:yett:unavailable"


def test_no_body_where_there_is_none(guarded):
    answer = call(guarded, "GET", "/empty")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    answer = call(guarded, "HEAD", "/health")
    assert (answer.status_code, answer.content) == (405, b""), "FastAPI serves no HEAD; its 405 has no body"
    assert guarded.evidence()[1]["operation"] == "health_health_get"


def announced(monkeypatch, name) -> queue.SimpleQueue[object]:
    """Each call of a method of the renewal, once it has returned."""
    calls: queue.SimpleQueue[object] = queue.SimpleQueue()
    method = getattr(renewal.Renewal, name)

    def call(self, *arguments):
        method(self, *arguments)
        calls.put(arguments)

    monkeypatch.setattr(renewal.Renewal, name, call)
    return calls


@pytest.fixture
def looked(monkeypatch):
    """Each look at the keys."""
    return announced(monkeypatch, "_tell_keys")


@pytest.fixture
def took(monkeypatch):
    """Each plan that is taken."""
    return announced(monkeypatch, "_take")


def test_a_key_is_in_force_while_the_app_runs(guarded, key, looked):
    from yett.policy.read import read_plan
    from yett.store.keys import Keys

    assert call(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}).status_code == 201
    keys = Keys.of(read_plan(guarded.folder / "yett.yaml"))
    keys.revoke("alice", 1_800_000_000)
    for _ in range(looked.qsize() + 2):  # the first look of these may have begun before
        looked.get(timeout=2)
    assert call(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}).status_code == 401


def test_other_scopes(guarded):
    async def app(scope, receive, send):
        pytest.fail("the app was called")

    guard = Yett(app, guarded.folder / "yett.yaml")
    with pytest.raises(ValueError, match="expected http, websocket or lifespan"):
        asyncio.run(guard({"type": "other"}, None, None))  # type: ignore[arg-type]


def test_a_websocket_is_judged_by_its_opening_request(guarded):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/health",
        "headers": [(b"host", b"shop.example")],
        "client": ("192.0.2.7", 1),
    }
    asyncio.run(guarded.app(scope, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert guarded.evidence()[0]["reason"] == "admit.upgrade.unsupported"


def test_the_plan_is_compiled_when_the_app_is_built(tmp_path):
    """What is wrong is told, and not the way through Yett on which it was found."""
    (tmp_path / "yett.yaml").write_text("yett: 1\napis: {}\n", "utf-8")
    with pytest.raises(PlanError) as caught:
        Yett(None, tmp_path / "yett.yaml")  # type: ignore[arg-type]
    said = traceback.format_exception(caught.value)
    assert sum("src/yett" in line for line in said) == 1
    assert len(caught.traceback) == 2


def test_what_the_app_receives_was_judged(tmp_path, guarded, key):
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope, received=await receive())
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps({"item": 1}).encode()})

    guarded.app._app = app
    headers = {"x-api-key": key, "x-forwarded-for": "6.6.6.6", "accept-encoding": "gzip"}
    call(guarded, "POST", "/orders", json={"item": 7}, headers=headers)
    names = dict(seen["headers"])
    assert names[b"x-forwarded-for"] == b"192.0.2.7"
    assert names[b"accept-encoding"] == b"identity"
    assert names[b"content-length"] == str(len(seen["received"]["body"])).encode()
    assert seen["extensions"] == {}


def test_evidence_follows_a_changed_plan(guarded, took):
    assert call(guarded, "GET", "/health").status_code == 200
    plan, other = guarded.folder / "yett.yaml", guarded.folder / "other.jsonl"
    plan.write_text(plan.read_text("utf-8").replace("evidence.jsonl", other.name), "utf-8")
    took.get(timeout=10)
    assert call(guarded, "GET", "/health").status_code == 200
    before = {line["plan"] for line in guarded.evidence()}
    after = json.loads(other.read_text("utf-8").splitlines()[-1])["plan"]
    assert len(before) == 1
    assert after not in before, "nothing that another plan judged is where the first one says"
