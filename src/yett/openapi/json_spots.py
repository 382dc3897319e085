"""Where each value of a JSON text stands, and which keys are repeated; runs only when an error must be shown.

Expects text that `json.loads` has accepted: it finds places, it does not judge.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from yett.openapi.yaml_tree import Pointer, Spot

_BLANK = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')


class JsonSpots:
    """`spots` by pointer; `repeated` lists the second and later entries of a key."""

    def __init__(self, text: str) -> None:
        """Scan `text`."""
        self.spots: dict[Pointer, Spot] = {}
        self.repeated: list[tuple[Pointer, tuple[int, int]]] = []
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer(r"\n", text))]
        start = self._skip(0)
        self.spots[()] = Spot(self._spot(start), self._spot(start))
        self._value(start, ())

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _spot(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._lines, at) - 1
        return line, at - self._lines[line]

    def _atom(self, at: int) -> int:
        match = _ATOM.match(self._text, at)
        return match.end() if match else at

    def _value(self, at: int, pointer: Pointer) -> int:
        """Scan the value that starts at `at`; answers where it ends."""
        if self._text[at] == "{":
            return self._members(at, pointer)
        if self._text[at] == "[":
            return self._items(at, pointer)
        return self._atom(at)

    def _members(self, at: int, pointer: Pointer) -> int:
        at = self._skip(at + 1)
        while self._text[at] != "}":
            end = self._atom(at)
            name: str = json.loads(self._text[at:end])
            value = self._skip(self._skip(end) + 1)
            below = (*pointer, name)
            if below in self.spots:
                self.repeated.append((below, self._spot(at)))
            self.spots.setdefault(below, Spot(self._spot(at), self._spot(value)))
            at = self._skip(self._value(value, below))
            at = self._skip(at + 1) if self._text[at] == "," else at
        return at + 1

    def _items(self, at: int, pointer: Pointer) -> int:
        at, index = self._skip(at + 1), 0
        while self._text[at] != "]":
            below = (*pointer, str(index))
            self.spots[below] = Spot(self._spot(at), self._spot(at))
            at = self._skip(self._value(at, below))
            at = self._skip(at + 1) if self._text[at] == "," else at
            index += 1
        return at + 1


def spot_of_token(text: str, token: str) -> tuple[int, int]:
    """Where `token` first stands outside a string, in text that need not be valid."""
    for match in re.finditer(rf'"(?:[^"\\]|\\.)*"|{re.escape(token)}', text):
        if match.group() == token:
            return text.count("\n", 0, match.start()), match.start() - text.rfind("\n", 0, match.start()) - 1
    return 0, 0
