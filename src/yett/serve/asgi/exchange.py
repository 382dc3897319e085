"""One request through the ladder: what ASGI brings goes to the engine part by part, and what it releases goes on."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from yett._engine import Request
from yett.serve.asgi.answering import Answering
from yett.serve.asgi.keeper import Keeper
from yett.serve.asgi.types import App, Headers, Message, Receive, Scope, Send

NOBODY = "0.0.0.0"  # noqa: S104 - where a server names no address (a Unix socket, a test client), all share one
Told = tuple[Any, ...]


class Gone(Exception):
    """The client went away."""


class Exchange:
    """One `http` or `websocket` scope. A websocket's opening request is judged like any other."""

    def __init__(self, keeper: Keeper, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is judged yet."""
        self._keeper, self._app = keeper, app
        self._scope, self._receive, self._send = scope, receive, send
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
            await self._judge(request)
        except Gone:
            return
        finally:
            request.end(self._status)

    async def _judge(self, request: Request) -> None:
        while (told := request.head())[0] == "fetch":
            await asyncio.to_thread(request.fetch)
        if told[0] == "answer":
            return await self._answer(told)
        kind, limit = told
        if (_length(self._scope) or 0) > limit:
            return await self._answer(request.fault("validate.body.too_large"))
        body = _Body(self._receive, limit)
        if kind == "stream":
            permitted = request.body(None, streamed=True)
            return await self._forward(request, permitted, body.streamed)
        try:
            async with asyncio.timeout(self._keeper.body_seconds):
                held = await body.held()
        except TimeoutError:
            return await self._answer(request.fault("upstream.body.late"))
        if held is None:
            return await self._answer(request.fault("validate.body.too_large"))
        permitted = request.body(held or None)
        return await self._forward(request, permitted, _Once(held, self._receive))

    async def _forward(self, request: Request, permitted: Told, receive: Receive) -> None:
        if permitted[0] == "answer":
            return await self._answer(permitted)
        _, method, target, headers = permitted
        if isinstance(receive, _Once) and receive.body:
            headers.append((b"content-length", str(len(receive.body)).encode()))
        answering = Answering(request, self._answer, self._pass_on)
        failed: BaseException | None = None
        try:
            await self._app(_forwarded(self._scope, method, target, headers), receive, answering.send)
        except Exception as error:
            failed = error
        await answering.finish(failed)
        if failed is not None:
            raise failed
        return None

    async def _answer(self, told: Told) -> None:
        _, status, headers, body = told
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

    async def _pass_on(self, message: Message) -> None:
        await self._send(message)


class _Body:
    """A request's body on its way in, up to its limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit, self._had = receive, limit, 0

    async def held(self) -> bytes | None:
        """All of it; none: it is larger than its limit. Raises `Gone`."""
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            parts.append(message.get("body", b""))
            self._had += len(parts[-1])
            more = message.get("more_body", False)
            if self._had > self._limit:
                return None
        return b"".join(parts)

    async def streamed(self) -> Message:
        """The next part; past the limit the app is told that the client went away."""
        message = await self._receive()
        self._had += len(message.get("body", b""))
        if self._had > self._limit:
            return {"type": "http.disconnect"}
        return message


class _Once:
    """A held body as the app receives it: once, then whatever the client does."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body, self._receive, self._given = body, receive, False

    async def __call__(self) -> Message:
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self.body, "more_body": False}


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
