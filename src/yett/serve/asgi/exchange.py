"""One request through the ladder: what ASGI brings goes to the engine part by part, and what it releases goes on."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from yett._engine import Request
from yett.serve.asgi.answering import Answering, Ways
from yett.serve.asgi.body import CUT, LARGE, Body, Failed, Judged, Streamed
from yett.serve.asgi.keeper import Keeper
from yett.serve.asgi.patience import Patience
from yett.serve.asgi.types import App, Headers, Receive, Scope, Send

NOBODY = "0.0.0.0"  # noqa: S104 - where a server names no address (a Unix socket, a test client), all share one
Told = tuple[Any, ...]


class Exchange:
    """One `http` or `websocket` scope. A websocket's opening request is judged like any other."""

    def __init__(self, keeper: Keeper, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is judged yet."""
        self._keeper, self._app = keeper, app
        self._scope, self._receive, self._send = scope, receive, send
        self._held = keeper.held()
        self._is_settled = False  # the app has the request, or its answer is known
        self._status = 0

    async def run(self) -> None:
        """Judge, hand on, judge the reply, write evidence."""
        request = self._keeper.shell().request(
            (self._scope.get("method", "GET").encode("latin-1"), _target(self._scope)),
            _headers(self._scope),
            _peer(self._scope),
            self._scope.get("scheme") in {"https", "wss"},
            os.urandom(24),
        )
        try:
            with self._held:
                await self._judge(request)
        except asyncio.CancelledError:
            if not self._is_settled:
                request.fault(CUT)
            raise
        finally:
            request.end(self._status)

    async def _judge(self, request: Request) -> None:
        while (told := request.head())[0] == "fetch":
            await asyncio.to_thread(request.fetch)
        if told[0] == "answer":
            return await self._answer(told)
        kind, limit = told
        if (_length(self._scope) or 0) > limit:
            return await self._answer(request.fault(LARGE))
        body = Body(self._receive, limit, self._keeper.body_seconds)
        if kind == "stream":
            return await self._forward(request, request.body(None, streamed=True), body)
        try:
            whole = await body.whole(self._held)
        except Failed as failed:
            told = request.fault(failed.reason)
            return None if failed.reason == CUT else await self._answer(told)
        return await self._forward(request, request.body(whole or None), whole)

    async def _forward(self, request: Request, permitted: Told, body: Body | bytes) -> None:
        if permitted[0] == "fetch":
            permitted = request.fault("engine.fact.unavailable")
        if permitted[0] == "answer":
            return await self._answer(permitted)
        _, method, target, headers = permitted
        if isinstance(body, bytes) and body:
            headers.append((b"content-length", str(len(body)).encode()))
        first = 0.0 if isinstance(body, bytes) else self._keeper.body_seconds
        patience = Patience(self._keeper.app_seconds, first=first)
        answering = Answering(request, self._held, patience, Ways(self._answer, self._send))
        if isinstance(body, bytes):
            receive: Receive = Judged(body, self._receive)
        else:
            receive = Streamed(body, self._receive, answering.body_ended)
        self._is_settled = True
        failed: BaseException | None = None
        try:
            async with patience:
                await self._app(_forwarded(self._scope, method, target, headers), receive, answering.send)
        except Exception as error:
            failed = error
        if patience.is_over:
            await answering.refuse("upstream.answer.late")
        else:
            await answering.finish(failed)
        if failed is not None:
            raise failed
        return None

    async def _answer(self, told: Told) -> None:
        _, status, headers, body = told
        self._is_settled = True
        self._status = status
        if self._scope["type"] == "websocket":
            await self._send({"type": "websocket.close", "code": 1008})
            return
        if body is not None and status not in {204, 304} and self._scope["method"] != "HEAD":
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if body is not None:
            sent = b"" if self._scope["method"] == "HEAD" else body
            await self._send({"type": "http.response.body", "body": sent, "more_body": False})


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path


def _headers(scope: Scope) -> Headers:
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    if scope["type"] == "websocket" and not any(name == b"upgrade" for name, _ in headers):
        headers.append((b"upgrade", b"websocket"))
    return headers


def _length(scope: Scope) -> int | None:
    with suppress(ValueError):
        return next((int(value) for name, value in scope["headers"] if name.lower() == b"content-length"), None)
    return None


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    with suppress(ValueError, TypeError):
        return str(ip_address(client[0]))  # type: ignore[index]
    return NOBODY


def _forwarded(scope: Scope, method: str, target: str, headers: Headers) -> Scope:
    """The scope as it was judged; extensions would go past the ladder, so there are none."""
    path, _, query = target.partition("?")
    raw = path.encode("ascii")
    judged = {
        "method": method,
        "path": unquote_to_bytes(raw).decode("utf-8"),
        "raw_path": raw,
        "query_string": query.encode("ascii"),
    }
    return {**scope, **judged, "headers": headers, "extensions": {}}
