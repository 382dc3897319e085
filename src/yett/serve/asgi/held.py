"""The budget of all bodies that a process holds, as the gateway's `held` (gateway/src/process.rs). No body is here."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self


class Budget:
    """Octets that are held now, by all requests together."""

    def __init__(self) -> None:
        """Nothing is held."""
        self._lock = threading.Lock()
        self._octets = 0

    def add(self, octets: int) -> int:
        """What is held with so many more, or fewer."""
        with self._lock:
            self._octets += octets
            return self._octets


class Held:
    """What one request holds, given back when the block ends."""

    def __init__(self, budget: Budget, limit: int) -> None:
        """`limit` is that of the plan which judges the request."""
        self._budget, self._limit = budget, limit
        self._octets = 0

    def __enter__(self) -> Self:
        """Nothing is held yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives all back."""
        self._budget.add(-self._octets)

    def grow(self, octets: int) -> bool:
        """Holds so many more; whether the budget allows it."""
        self._octets += octets
        return self._budget.add(octets) <= self._limit
