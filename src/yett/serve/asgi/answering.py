"""The app's reply on its way out: held where the ladder must read it, passed on where it need not, never both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from yett._engine import Request
from yett.serve.asgi.body import CUT, SPENT
from yett.serve.asgi.held import Held
from yett.serve.asgi.patience import Patience
from yett.serve.asgi.types import Headers, Message

Told = tuple[Any, ...]
FAILED_STATUS = 500


@dataclass(frozen=True)
class Ways:
    """Out of here: `answer` sends a whole release, `pass_on` one part of a streamed body."""

    answer: Callable[[Told], Awaitable[None]]
    pass_on: Callable[[Message], Awaitable[None]]


class Answering:
    """What an app sends, judged before it leaves."""

    def __init__(self, request: Request, held: Held, patience: Patience, ways: Ways) -> None:
        """Nothing is sent yet; `patience` is how long the app may take."""
        self._request, self._held, self._patience, self._ways = request, held, patience, ways
        self._start: Message | None = None
        self._need, self._limit = "", 0
        self._parts: list[bytes] = []
        self._had = 0
        self._body_failed: str | None = None
        self._done = False

    def body_ended(self, failed: str | None) -> None:
        """A streamed request has ended: the app's time runs from here. What it says to half a body is not sent."""
        self._body_failed = failed
        self._patience.renew()

    async def send(self, message: Message) -> None:
        """ASGI's `send`, as the app sees it."""
        if self._start is None and self._body_failed is not None:
            return
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self._start is not None and not self._done:
            await self._part(message)

    async def finish(self, failed: BaseException | None) -> None:
        """The app has returned, or raised: whoever still waits for an answer gets one."""
        if self._done:
            return
        if self._start is None and self._body_failed is not None:
            await self.refuse(self._body_failed)
        elif self._start is None and failed is not None:
            need, _ = self._request.reply_need(FAILED_STATUS, [])
            await self._answer(self._judged(FAILED_STATUS, [], b"" if need == "hold" else None))
        else:
            await self.refuse("upstream.answer.malformed")

    async def refuse(self, reason: str) -> None:
        """The answer to a fault, where none is under way; none to who has gone."""
        if self._done or self._need == "stream":
            return
        told = self._request.fault(reason)
        if reason == CUT:
            self._done = True
        else:
            await self._answer(told)

    async def _begin(self, message: Message) -> None:
        if self._start is not None or self._done:
            return
        self._start = message
        headers = _headers(message)
        self._need, self._limit = self._request.reply_need(message["status"], headers)
        self._patience.renew()
        if self._need == "stream":
            told = self._judged(message["status"], headers, None, streamed=True)
            streamed = told[3] is None
            if streamed:
                told[2].extend((name, value) for name, value in headers if name == b"content-length")
            await self._answer(told)
            self._done = not streamed

    async def _part(self, message: Message) -> None:
        more = message.get("more_body", False)
        if self._need == "stream":
            self._done = not more
            await self._ways.pass_on(message)
            return
        if self._need == "hold":
            part: bytes = message.get("body", b"")
            self._parts.append(part)
            self._had += len(part)
            if self._had > self._limit:
                return await self.refuse("receive.body.too_large")
            if not self._held.grow(len(part)):
                return await self.refuse(SPENT)
        if not more and self._start is not None:
            body = b"".join(self._parts) or None
            await self._answer(self._judged(self._start["status"], _headers(self._start), body))
        return None

    def _judged(self, status: int, headers: Headers, body: bytes | None, *, streamed: bool = False) -> Told:
        told = self._request.reply(status, headers, body, streamed=streamed)
        return self._request.fault("engine.fact.unavailable") if told[0] == "fetch" else told

    async def _answer(self, told: Told) -> None:
        """A slow client is not the app's fault, so the app's time ends here."""
        self._done = True
        self._patience.end()
        await self._ways.answer(told)


def _headers(message: Message) -> Headers:
    return [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", [])]
