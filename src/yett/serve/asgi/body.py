"""A request's body on its way in: within its limit, its time and the budget of held bodies. Nothing is judged here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from yett.serve.asgi.held import Held
from yett.serve.asgi.types import Message, Receive

CUT = "admit.body.cut"
LARGE = "validate.body.too_large"
LATE = "upstream.body.late"
SPENT = "upstream.memory.exhausted"


class Failed(Exception):
    """The body did not come whole; `reason` says why, by its exact id."""

    def __init__(self, reason: str) -> None:
        """An id of the catalogue."""
        super().__init__(reason)
        self.reason = reason


class Body:
    """What ASGI's `receive` brings of one body."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        """At most so many octets, within so many seconds from now."""
        self._receive, self._limit = receive, limit
        self._until = asyncio.get_running_loop().time() + seconds
        self._had = 0
        self.is_whole = False

    async def part(self) -> bytes | None:
        """The next part; none: it was the last. Raises `Failed`."""
        if self.is_whole:
            return None
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise Failed(LATE) from None
        if message["type"] == "http.disconnect":
            raise Failed(CUT)
        part: bytes = message.get("body", b"")
        self.is_whole = not message.get("more_body", False)
        self._had += len(part)
        if self._had > self._limit:
            raise Failed(LARGE)
        return part

    async def whole(self, held: Held) -> bytes:
        """All of it. Raises `Failed`."""
        parts: list[bytes] = []
        while (part := await self.part()) is not None:
            if not held.grow(len(part)):
                raise Failed(SPENT)
            parts.append(part)
        return b"".join(parts)


class Streamed:
    """A body that nobody judges, as the app receives it: one that fails ends as if the client had gone."""

    def __init__(self, body: Body, receive: Receive, ended: Callable[[str | None], None]) -> None:
        """`ended` hears of its end, and why it did not come whole."""
        self._body, self._receive, self._ended = body, receive, ended
        self._failed = False

    async def __call__(self) -> Message:
        """The next part, then whatever the client does."""
        if self._failed:
            return {"type": "http.disconnect"}
        if self._body.is_whole:
            return await self._receive()
        try:
            part = await self._body.part() or b""
        except Failed as failed:
            self._failed = True
            self._ended(failed.reason)
            return {"type": "http.disconnect"}
        if self._body.is_whole:
            self._ended(None)
        return {"type": "http.request", "body": part, "more_body": not self._body.is_whole}


class Judged:
    """A held body as the app receives it: once, then whatever the client does."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        """The octets that were judged."""
        self._body, self._receive, self._given = body, receive, False

    async def __call__(self) -> Message:
        """The body, then whatever the client does."""
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self._body, "more_body": False}
