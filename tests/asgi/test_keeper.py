"""Property: one process serves a plan, says so before it serves, and starts and ends with its server."""

import asyncio

import pytest

from tests.asgi.conftest import NOW, PLAN, status, written
from yett.asgi import Yett
from yett.serve.sockets import CannotServe

ANOTHER = "another process already serves this plan"
HTTP = {"type": "http", "method": "GET", "path": "/", "headers": []}


def lives(app, *told: str) -> list[dict]:
    """What a server hears that starts, and ends, an app."""
    sent: list[dict] = []
    messages = [{"type": f"lifespan.{each}"} for each in told]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "lifespan"}, receive, send))
    return sent


async def living(scope, receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def test_a_second_process_would_double_every_limit(guarded):
    assert status(guarded, "GET", "/health") == 200
    other = Yett(living, guarded.folder / "yett.yaml")
    with pytest.raises(CannotServe, match=ANOTHER):
        asyncio.run(other(HTTP, None, None))  # type: ignore[arg-type]


def test_a_second_process_does_not_start(guarded):
    assert status(guarded, "GET", "/health") == 200
    [failed] = lives(Yett(living, guarded.folder / "yett.yaml"), "startup")
    assert failed["type"] == "lifespan.startup.failed"
    assert ANOTHER in failed["message"]


def test_a_plan_that_was_replaced_is_still_served_by_one(guarded):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN)
    [failed] = lives(Yett(living, guarded.folder / "yett.yaml"), "startup")
    assert ANOTHER in failed["message"]


def test_many_processes_where_the_plan_says_so(guarded):
    path = written(guarded.folder, PLAN + "danger_state_per_process: true\n")
    second, heard = Yett(living, path, clock=NOW), []

    async def first(scope, receive, send):
        heard.extend(await asyncio.to_thread(lives, second, "startup", "shutdown"))
        await living(scope, receive, send)

    heard.extend(lives(Yett(first, path, clock=NOW), "startup", "shutdown"))
    assert [each["type"] for each in heard] == ["lifespan.startup.complete", "lifespan.shutdown.complete"] * 2


def test_it_serves_from_startup_to_shutdown_and_again(guarded, capfd):
    app = Yett(living, guarded.folder / "yett.yaml", clock=NOW)
    for _ in range(2):
        assert [each["type"] for each in lives(app, "startup", "shutdown")] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]
    assert capfd.readouterr().err.count("app is guarded") == 2
    assert status(guarded, "GET", "/health") == 200, "the lock was given up"


def test_an_app_that_takes_no_lifespan_raises_as_without_yett(guarded):
    async def app(scope, receive, send):
        raise ValueError("http alone")

    wrapped = Yett(app, guarded.folder / "yett.yaml")
    with pytest.raises(ValueError, match="http alone"):
        lives(wrapped, "startup")
    wrapped.close()


def test_a_start_that_fails_gives_the_lock_up(guarded, tmp_path):
    (tmp_path / "yett.db").mkdir()
    with pytest.raises(CannotServe, match="store"):
        asyncio.run(guarded.app(HTTP, None, None))
    (tmp_path / "yett.db").rmdir()
    assert status(guarded, "GET", "/health") == 200
