"""The one error of the store, apart from what it takes to open one: whoever never opens it need not import that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.openapi.problem import Place


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do, and begins with its place where the plan has it."""

    def __init__(self, text: str, place: Place | None = None) -> None:
        """`place` is where the plan names what cannot be had."""
        self.placed = place is not None
        super().__init__(f"{place}: {text}" if place else text)
