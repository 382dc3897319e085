"""A pattern's syntax tree → the text of a regular expression that ECMA-262 (flag `u`) and the engine's linear `regex`
read alike.

Classes and edges of words are spelled out, so that `\\d`, `\\w`, `\\s`, `\\b` and `.` mean what ECMA-262 means and not
what the other dialect means.
"""

from __future__ import annotations

from yett.openapi.pattern import Chars, Choice, Edge, Node, Repeat, Sequence, parse_pattern

_SPECIAL = frozenset("\\^$.*+?()[]{}|/")
_SPECIAL_IN_CLASS = frozenset("\\^$.*+?()[]{}|/-")
_DOUBLED = frozenset("&~")  # `&&` and `~~` are operators in a class of the `regex` crate


_ASCII = "(?-u:\\{})"  # `\\b` and `\\B` between ASCII words, which the engine would else take as Unicode's


def linear(pattern: str) -> str:
    """The pattern for the linear engine; raises `UnsupportedPatternError` where it has none."""
    return _write(parse_pattern(pattern))


def tree(pattern: str) -> Node:
    """The syntax tree of a pattern that `linear` wrote."""
    for kind in "bB":
        pattern = pattern.replace(_ASCII.format(kind), f"\\{kind}")
    return parse_pattern(pattern)


def _write(node: Node) -> str:
    match node:
        case Edge(kind):
            return kind if kind in "^$" else _ASCII.format(kind)
        case Chars():
            return _chars(node)
        case Sequence(nodes):
            return "".join(f"(?:{_write(each)})" if isinstance(each, Choice) else _write(each) for each in nodes)
        case Choice(nodes):
            return "|".join(_write(each) for each in nodes)
        case Repeat(inner, least, most):
            text = _write(inner)
            single = isinstance(inner, Chars)
            return (text if single else f"(?:{text})") + _bounds(least, most)


def _bounds(least: int, most: int | None) -> str:
    simple: dict[tuple[int, int | None], str] = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in simple:
        return simple[least, most]
    if least == most:
        return f"{{{least}}}"
    return f"{{{least},{'' if most is None else most}}}"


def _chars(chars: Chars) -> str:
    if not chars.negated and not chars.properties and len(chars.ranges) == 1:
        low, high = chars.ranges[0]
        if low == high:
            return _one(low, _SPECIAL)
    if not chars.ranges and not chars.properties:
        return "[\\s\\S]" if chars.negated else "[^\\s\\S]"
    ranges = "".join(
        _one(low, _SPECIAL_IN_CLASS | _DOUBLED)
        if low == high
        else f"{_one(low, _SPECIAL_IN_CLASS | _DOUBLED)}-{_one(high, _SPECIAL_IN_CLASS | _DOUBLED)}"
        for low, high in chars.ranges
    )
    return f"[{'^' if chars.negated else ''}{ranges}{''.join(chars.properties)}]"


def _one(char: str, special: frozenset[str]) -> str:
    code = ord(char)
    if char in _DOUBLED and special is not _SPECIAL:
        return f"\\x{code:02x}"
    if char in special:
        return f"\\{char}"
    if code < 0x20 or 0x7F <= code <= 0xFF:
        return f"\\x{code:02x}"
    if code > 0xFF and not char.isprintable():
        return f"\\u{{{code:x}}}"
    return char
