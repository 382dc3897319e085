"""A guarded FastAPI app in a folder of its own, and a client that calls it in-process."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from yett.asgi import Yett
from yett.policy.read import read_plan
from yett.store.keys import Keys

PLAN = """\
yett: 1
evidence: [{file: evidence.jsonl}]
apis:
  shop:
    openapi: openapi.json
    upstream: {urls: [http://127.0.0.1:9]}
    security: {default: key, public: [GET /health, GET /download, GET /broken, GET /empty]}
    credentials: {key: {api_key: {}}}
"""
NOW = 1_800_000_000 * 10**9
SECONDS = 10


def eventually(holds: Callable[[], bool]) -> None:
    """Until it holds; fails where it does not within some seconds."""
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends, "it did not happen"
        threading.Event().wait(0.01)


class Order(BaseModel):
    item: int
    note: str | None = None


class Seen(BaseModel):
    item: int


def shop() -> FastAPI:
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/orders", status_code=201)
    def order(order: Order) -> Seen:
        return JSONResponse({"item": order.item, "secret": "hidden"}, 201, {"server": "shop/1.0"})  # type: ignore[return-value]

    @app.get("/download", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
    def download() -> StreamingResponse:
        return StreamingResponse(iter([b"a,b\n", b"1,2\n"]), media_type="text/csv")

    @app.get("/broken")
    def broken() -> dict[str, str]:
        raise RuntimeError("secret detail")

    @app.get("/empty", status_code=204)
    def empty() -> None:
        return None

    return app


class Guarded:
    """The app with Yett around it, and what its evidence says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        app = shop()
        (folder / "openapi.json").write_text(json.dumps(app.openapi()), "utf-8")
        (folder / "yett.yaml").write_text(PLAN, "utf-8")
        self.app = Yett(app, folder / "yett.yaml", clock=NOW)

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.7", 1))
        return httpx.AsyncClient(transport=transport, base_url="http://shop.example")

    def evidence(self) -> list[dict[str, Any]]:
        self.app.close()
        return [json.loads(line) for line in (self.folder / "evidence.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path)
    yield guarded
    guarded.app.close()


@pytest.fixture
def key(guarded: Guarded) -> str:
    keys = Keys.of(read_plan(guarded.folder / "yett.yaml"))
    return keys.add("alice", NOW // 10**9)[1]


def written(folder: Path, text: str, name: str = "yett.yaml") -> Path:
    """Replaces a file at once, as editors do."""
    partial = folder / f".{name}"
    partial.write_text(text, "utf-8")
    return partial.replace(folder / name)


def status(guarded: Guarded, method: str, path: str, **options: Any) -> int:
    """What a client gets."""

    async def one() -> int:
        async with guarded.client() as client:
            return (await client.request(method, path, **options)).status_code

    return asyncio.run(one())
