"""Operations of one API whose requests another one, declared before them, may be run for. Nothing is told here.

Yett judges a request by the most concrete template that it fits, as `engine/src/plan/route.rs` finds it; many servers
run the first one that was declared. Where the two ask for the same, it does not matter which.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from yett.openapi import Operation

Segment = tuple[str | None, ...]  # texts, and none for each parameter

_PARAMETER = re.compile(r"\{[^{}]+\}")
_WHOLE: Segment = (None,)
_INDEXED = 32  # characters of a text by which segments are found
_ONE, _MANY = "", "/"  # any one character, and any number of them, where no segment has such a character


def shadowed(operations: Sequence[Operation], asks: Sequence[Hashable]) -> Iterator[tuple[Operation, Operation]]:
    """Each operation with the first one declared before it that fits paths of it and asks for something else.

    Only where Yett judges by the later one: where the earlier one is as concrete, it judges by that or refuses. `asks`
    says what each operation asks for, none where it is closed to everybody.
    """
    known: dict[str, _Templates] = {}
    for number, operation in enumerate(operations):
        method = "GET" if operation.method == "HEAD" else operation.method  # which GET answers, where HEAD is missing
        templates = known.setdefault(method, _Templates(operations, asks))
        if asks[number] is not None:
            found = templates.first_other(number)
            if found is not None:
                yield operation, operations[found]
        templates.add(number)


class _Templates:
    """The templates that are declared so far, as a tree of their segments."""

    def __init__(self, operations: Sequence[Operation], asks: Sequence[Hashable]) -> None:
        self._operations, self._asks = operations, asks
        self._root = _Node(0)

    def add(self, number: int) -> None:
        ask, node = self._asks[number], self._root
        node.asks.add(ask)
        for segment in segments(self._operations[number].template):
            node = node.below(segment, number)
            node.asks.add(ask)
        node.ends.append(number)

    def first_other(self, number: int) -> int | None:
        """The first operation that fits paths of this one, less exactly, and asks for something else."""
        ask = self._asks[number]
        wanted, best = segments(self._operations[number].template), number
        ahead = [(self._root, 0)]
        while ahead:
            node, depth = ahead.pop()
            if node.first >= best or node.asks == {ask}:
                continue
            if depth < len(wanted):
                ahead.extend((below, depth + 1) for below in node.less_exact(wanted[depth]))
            else:
                others = (each for each in node.ends if self._is_other(each, number))
                best = min(best, next(others, best))
        return best if best < number else None

    def _is_other(self, one: int, number: int) -> bool:
        """Whether two operations differ in path, and in what they ask for."""
        has_own_path = self._operations[one].template != self._operations[number].template
        return has_own_path and self._asks[one] != self._asks[number]


class _Node:
    """What templates have in common up to a segment."""

    __slots__ = ("asks", "ends", "first", "literals", "mixed", "parameter")

    def __init__(self, first: int) -> None:
        self.first = first
        self.asks: set[Hashable] = set()
        self.ends: list[int] = []
        self.literals: dict[Segment, _Node] = {}
        self.parameter: _Node | None = None
        self.mixed: _Mixed | None = None

    def below(self, segment: Segment, number: int) -> _Node:
        """Where the segment leads to, made for the operation of this number where it is new."""
        if segment == _WHOLE:
            self.parameter = self.parameter or _Node(number)
            return self.parameter
        if None in segment:
            self.mixed = self.mixed or _Mixed()
            return self.mixed.below(segment, number)
        return self.literals.setdefault(segment, _Node(number))

    def less_exact(self, segment: Segment) -> Iterator[_Node]:
        """Where segments lead to that are the same, or fit some text of this one with fewer letters of their own."""
        if segment in self.literals:
            yield self.literals[segment]
        if self.parameter and segment:
            yield self.parameter
        if self.mixed and segment != _WHOLE:
            yield from self.mixed.less_exact(segment)


class _Mixed:
    """Segments that hold parameters beside text, found by how they start or by how they end."""

    def __init__(self) -> None:
        self._nodes: dict[Segment, _Node] = {}
        self._starts, self._ends = _Texts(), _Texts()

    def below(self, segment: Segment, number: int) -> _Node:
        if segment not in self._nodes:
            self._nodes[segment] = _Node(number)
            self._starts.add(_start(segment), segment)
            self._ends.add(_start(segment[::-1], -1), segment)
        return self._nodes[segment]

    def less_exact(self, segment: Segment) -> Iterator[_Node]:
        starts, ends = self._starts.near(_start(segment)), self._ends.near(_start(segment[::-1], -1))
        letters = _letters(segment) if None in segment else None
        for group in min(starts, ends, key=lambda groups: sum(map(len, groups))):
            for other in group:
                if other == segment or ((letters is None or _letters(other) < letters) and _meet(other, segment)):
                    yield self._nodes[other]


class _Texts:
    """Segments by a text, found by any text that starts with it or that it starts with."""

    def __init__(self) -> None:
        self._by_text: dict[str, list[Segment]] = {}
        self._longer: dict[str, list[Segment]] = {}

    def add(self, text: str, segment: Segment) -> None:
        self._by_text.setdefault(text, []).append(segment)
        for length in range(len(text)):
            self._longer.setdefault(text[:length], []).append(segment)

    def near(self, text: str) -> list[list[Segment]]:
        shorter = (self._by_text.get(text[:length], []) for length in range(len(text) + 1))
        return [*filter(None, shorter), self._longer.get(text, [])]


def segments(path: str) -> list[Segment]:
    """What stands between the slashes of a template."""
    return [_parts(segment) for segment in path.split("/")[1:]]


def _parts(segment: str) -> Segment:
    first, *rest = _PARAMETER.split(segment)
    parts = [first, *(part for text in rest for part in (None, text))]
    return tuple(part for part in parts if part != "")


def _start(segment: Segment, step: int = 1) -> str:
    """The text before the first parameter; of a segment that is turned round, from its end."""
    return (segment[0] or "")[::step][:_INDEXED] if segment else ""


def _letters(segment: Segment) -> int:
    """How exact a segment is; the engine counts octets too."""
    return sum(len(part.encode()) for part in segment if part is not None)


def _meet(one: Segment, other: Segment) -> bool:
    """Whether some text fits both; a parameter stands for one character or more."""
    left, right = _steps(one), _steps(other)
    ahead, seen = [(0, 0)], {(0, 0)}
    while ahead:
        at, beside = ahead.pop()
        if at == len(left) and beside == len(right):
            return True
        for pair in _next(left, right, at, beside):
            if pair not in seen:
                seen.add(pair)
                ahead.append(pair)
    return False


def _steps(segment: Segment) -> list[str]:
    return [step for part in segment for step in ((_ONE, _MANY) if part is None else part)]


def _next(left: list[str], right: list[str], at: int, beside: int) -> Iterator[tuple[int, int]]:
    """How far one more step can bring both."""
    here = left[at] if at < len(left) else None
    there = right[beside] if beside < len(right) else None
    if _MANY in (here, there):
        if here is not None:
            yield at + 1, beside
        if there is not None:
            yield at, beside + 1
    elif here is not None and there is not None and (here == there or _ONE in (here, there)):
        yield at + 1, beside + 1
