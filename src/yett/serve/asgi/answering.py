"""The app's reply on its way out: held where the ladder must read it, passed on where it need not, never both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from yett._engine import Request
from yett.serve.asgi.types import Headers, Message

Told = tuple[Any, ...]
FAILED_STATUS = 500


class Answering:
    """What an app sends, judged before it leaves."""

    def __init__(
        self,
        request: Request,
        answer: Callable[[Told], Awaitable[None]],
        pass_on: Callable[[Message], Awaitable[None]],
    ) -> None:
        """`answer` sends a whole release, `pass_on` one part of a streamed body."""
        self._request, self._answer, self._pass_on = request, answer, pass_on
        self._start: Message | None = None
        self._need, self._limit = "", 0
        self._parts: list[bytes] = []
        self._had = 0
        self._done = False

    async def send(self, message: Message) -> None:
        """ASGI's `send`, as the app sees it."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self._start is not None and not self._done:
            await self._part(message)

    async def finish(self, failed: BaseException | None) -> None:
        """The app has returned, or raised: whoever still waits for an answer gets one."""
        if self._done:
            return
        self._done = True
        if self._start is None and failed is not None:
            self._start = {"status": FAILED_STATUS, "headers": []}
            need, _ = self._request.reply_need(FAILED_STATUS, [])
            body = b"" if need == "hold" else None
            await self._answer(self._request.reply(FAILED_STATUS, [], body))
        elif self._need != "stream":
            await self._answer(self._request.fault("upstream.answer.malformed"))

    async def _begin(self, message: Message) -> None:
        if self._start is not None:
            return
        self._start = message
        headers = _headers(message)
        self._need, self._limit = self._request.reply_need(message["status"], headers)
        if self._need == "stream":
            told = self._request.reply(message["status"], headers, None, streamed=True)
            streamed = told[3] is None
            if streamed:
                told[2].extend((name, value) for name, value in headers if name == b"content-length")
            await self._answer(told)
            self._done = not streamed

    async def _part(self, message: Message) -> None:
        more = message.get("more_body", False)
        if self._need == "stream":
            self._done = not more
            await self._pass_on(message)
            return
        if self._need == "hold":
            self._parts.append(message.get("body", b""))
            self._had += len(self._parts[-1])
            if self._had > self._limit:
                self._done = True
                await self._answer(self._request.fault("receive.body.too_large"))
                return
        if not more:
            await self._judge()

    async def _judge(self) -> None:
        start = self._start or {"status": FAILED_STATUS, "headers": []}
        self._done = True
        body = b"".join(self._parts) or None
        await self._answer(self._request.reply(start["status"], _headers(start), body))


def _headers(message: Message) -> Headers:
    return [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", [])]
