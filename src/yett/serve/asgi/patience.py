"""How long an app may take for an answer, as the gateway's `upstream.timeout`. What is answered then is not here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class Patience:
    """`async with`: the block is cancelled when the time is over, and then `is_over`."""

    def __init__(self, seconds: float, *, first: float = 0.0) -> None:
        """So many seconds for each step of the answer, and `first` more before the first."""
        self._seconds = seconds
        self._timeout = asyncio.timeout(first + seconds)

    async def __aenter__(self) -> Self:
        """The time runs."""
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Nothing is raised when the time is over."""
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            return True
        return False

    @property
    def is_over(self) -> bool:
        """Whether the app took too long."""
        return self._timeout.expired()

    def renew(self) -> None:
        """A step is done: the time runs anew."""
        self._reschedule(asyncio.get_running_loop().time() + self._seconds)

    def end(self) -> None:
        """The answer is whole, or on its way."""
        self._reschedule(None)

    def _reschedule(self, when: float | None) -> None:
        with suppress(RuntimeError):  # what an app leaves behind may send after the block has ended
            self._timeout.reschedule(when)
