"""Strings that fit a pattern, a format and a length: plain words where they can be, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import TypeAlias

from yett.openapi.linear import tree
from yett.openapi.pattern import (
    Chars,
    Choice,
    Edge,
    Node,
    Ranges,
    Repeat,
    Sequence,
    UnsupportedPatternError,
    complement,
)

_FORMATS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "P1DT2H",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "www.example.com",
    "idn-hostname": "www.example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/a",
    "uri-reference": "/a",
    "iri": "https://example.com/a",
    "iri-reference": "/a",
    "uri-template": "/a/{b}",
    "json-pointer": "/a",
    "relative-json-pointer": "0",
    "regex": "^a$",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FAVOURED = ((("a", "z"),), (("0", "9"),), (("A", "Z"),), ((" ", "~"),))
_PROPERTIES: dict[str, Ranges] = {
    "L": (("a", "z"),),
    "N": (("0", "9"),),
    "P": (("-", "."),),
    "S": (("+", "+"),),
    "Z": ((" ", " "),),
}

Text: TypeAlias = str | None


def text(random: Random, least: int, most: int | None, name: str | None, patterns: list[str]) -> Text:
    """A string of `least` to `most` characters; none where this way of making one finds nothing."""
    if patterns:
        return _fitting(random, least, most, patterns[0])
    if name == "uuid":
        digits = "".join(random.choice("0123456789abcdef") for _ in range(30))
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:30]}"
    if name in _FORMATS:
        return _FORMATS[name]
    length = max(least, min(4 + random.randrange(4), most if most is not None else 8))
    return "".join(random.choice(_LETTERS) for _ in range(length))


def _fitting(random: Random, least: int, most: int | None, pattern: str) -> Text:
    try:
        node = tree(pattern)
    except UnsupportedPatternError:
        return None
    for spread in (0, 1, 3, max(least, 1), least * 2 + 8):
        made = _made(random, node, spread)
        if made is not None and not _ends(node):
            made += "a" * (least - len(made))
        if made is not None and len(made) >= least and (most is None or len(made) <= most):
            return made
    return None


def _ends(node: Node) -> bool:
    """Whether nothing may stand behind the match."""
    match node:
        case Edge(kind):
            return kind == "$"
        case Sequence(nodes):
            return bool(nodes) and _ends(nodes[-1])
        case Choice(nodes):
            return any(map(_ends, nodes))
        case _:
            return False


def _made(random: Random, node: Node, spread: int) -> Text:
    match node:
        case Edge(kind):
            return None if kind == "B" else ""
        case Chars():
            return _char(random, node)
        case Choice(nodes):
            return _made(random, random.choice(nodes), spread)
        case Sequence(nodes):
            return _joined(_made(random, each, spread) for each in nodes)
        case Repeat(inner, fewest, most):
            count = fewest + spread if most is None else min(most, fewest + spread)
            return _joined(_made(random, inner, spread) for _ in range(count))


def _joined(parts: Iterable[Text]) -> Text:
    made = list(parts)
    return None if None in made else "".join(part or "" for part in made)


def _char(random: Random, chars: Chars) -> Text:
    ranges = chars.ranges
    for name in chars.properties:
        ranges = (*ranges, *_PROPERTIES.get(name[3:4], _PROPERTIES["L"]))
    if chars.negated:
        ranges = complement(ranges)
    for favoured in _FAVOURED:
        common = _common(ranges, favoured)
        if common:
            return _one_of(random, common)
    return _one_of(random, ranges) if ranges else None


def _common(one: Ranges, other: Ranges) -> Ranges:
    pairs = [(max(low, first), min(high, last)) for low, high in one for first, last in other]
    return tuple((low, high) for low, high in pairs if low <= high)


def _one_of(random: Random, ranges: Ranges) -> str:
    low, high = random.choice(ranges)
    return chr(random.randint(ord(low), ord(high)))
