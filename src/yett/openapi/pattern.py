"""ECMA-262 regular expressions of schemas → a small syntax tree, or why a linear engine cannot run them.

Only the syntax: the engine compiles the pattern itself and has the last word; `sample` writes strings from the tree.
The grammar is that of ECMA-262's `u` flag with Annex B's leniency where it is common (`\\-`, `\\_`, a lone `{`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_REPEATS = 1000
# ECMA-262's WhiteSpace and LineTerminator: U+FEFF and Unicode's Zs among them, U+0085 not.
_SPACE = (
    " \t\n\r\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_DIGITS = (("0", "9"),)
_WORDS = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_BLANKS = tuple((char, char) for char in sorted(_SPACE))
_CLASSES = {"d": _DIGITS, "w": _WORDS, "s": _BLANKS}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "0": "\0"}
_LAST = "\U0010ffff"

Ranges = tuple[tuple[str, str], ...]


class UnsupportedPatternError(ValueError):
    """A pattern that is not a regular expression, or that no linear engine can run; the text says why."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of ranges and Unicode properties (`\\p{L}`), or out of all others."""

    ranges: Ranges
    negated: bool = False
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`^`, `$`, `\\b` or `\\B`: matches between characters."""

    kind: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Something again and again; `most` is none where there is no bound."""

    node: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    nodes: tuple[Node, ...]


Node = Chars | Edge | Repeat | Sequence | Choice


def parse_pattern(text: str) -> Node:
    """The syntax tree of a pattern; raises `UnsupportedPatternError`."""
    parser = _Parser(text)
    node = parser.choice(0)
    if parser.at < len(text):
        raise UnsupportedPatternError("a `)` too many")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def _peek(self, count: int = 1) -> str:
        return self.text[self.at : self.at + count]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise UnsupportedPatternError("it ends too early")
        self.at += 1
        return char

    def choice(self, depth: int) -> Node:
        if depth > 50:
            raise UnsupportedPatternError("groups nested more than 50 deep")
        nodes = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            nodes.append(self._sequence(depth))
        return nodes[0] if len(nodes) == 1 else Choice(tuple(nodes))

    def _sequence(self, depth: int) -> Node:
        nodes: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            nodes.append(self._repeated(self._atom(depth)))
        return nodes[0] if len(nodes) == 1 else Sequence(tuple(nodes))

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if isinstance(node, Edge):
            raise UnsupportedPatternError("a quantifier behind an anchor")
        if self._peek() == "?":
            self.at += 1
        least, most = bounds
        if most is not None and most < least:
            raise UnsupportedPatternError("a quantifier whose bounds are out of order")
        if max(least, most or 0) > MOST_REPEATS:
            raise UnsupportedPatternError(f"more than {MOST_REPEATS} repetitions")
        if self._peek() in ("*", "+", "?") and self._peek():
            raise UnsupportedPatternError("a quantifier behind a quantifier")
        return Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if char in simple:
            self.at += 1
            return simple[char]
        return self._braces() if char == "{" else None

    def _braces(self) -> tuple[int, int | None] | None:
        end = self.text.find("}", self.at)
        parts = self.text[self.at + 1 : end].split(",") if end > 0 else []
        digits = [part.isascii() and part.isdigit() for part in parts]
        if not parts or len(parts) > 2 or not digits[0] or (len(parts) == 2 and parts[1] and not digits[1]):
            return None
        if any(len(part) > 9 for part in parts):
            raise UnsupportedPatternError(f"more than {MOST_REPEATS} repetitions")
        self.at = end + 1
        least = int(parts[0])
        return least, least if len(parts) == 1 else (int(parts[1]) if parts[1] else None)

    def _atom(self, depth: int) -> Node:
        char = self._take()
        match char:
            case "^" | "$":
                return Edge(char)
            case ".":
                return Chars((("\n", "\n"), ("\r", "\r"), ("\u2028", "\u2029")), negated=True)
            case "[":
                return self._class()
            case "(":
                return self._group(depth)
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise UnsupportedPatternError("a quantifier behind nothing")
            case _:
                return Chars(((char, char),))

    def _group(self, depth: int) -> Node:
        if self._peek() == "?":
            self.at += 1
            self._group_kind()
        node = self.choice(depth + 1)
        if self._peek() != ")":
            raise UnsupportedPatternError("a group that does not end")
        self.at += 1
        return node

    def _group_kind(self) -> None:
        if self._peek() == ":":
            self.at += 1
        elif self._peek() in ("=", "!") or self._peek(2) in ("<=", "<!"):
            raise UnsupportedPatternError("look-around")
        elif self._peek() == "<" and ">" in self.text[self.at :]:
            self.at = self.text.index(">", self.at) + 1
        else:
            raise UnsupportedPatternError("a kind of group that ECMA-262 does not have")

    def _escape(self) -> Node:
        char = self._peek()
        if char in ("b", "B") and char:
            self.at += 1
            return Edge(char)
        if char == "k" or (char.isdigit() and char != "0"):
            raise UnsupportedPatternError("a back-reference")
        return self._class_escape()

    def _class_escape(self) -> Chars:
        """An escape that stands for characters, inside or outside of brackets."""
        char = self._take()
        if char.lower() in _CLASSES:
            return Chars(_CLASSES[char.lower()], negated=char.isupper())
        if char in ("p", "P"):
            return self._property(char)
        if char in _CONTROLS:
            return _one(_CONTROLS[char])
        if char == "c":
            return _one(chr(ord(self._take()) % 32))
        if char in ("x", "u"):
            return _one(self._code(char))
        if char.isalnum():
            raise UnsupportedPatternError(f"the escape \\{char}")
        return _one(char)

    def _property(self, kind: str) -> Chars:
        end = self.text.find("}", self.at)
        name = self.text[self.at + 1 : end]
        if self._peek() != "{" or not re.fullmatch(r"\w+(=\w+)?", name, re.ASCII):
            raise UnsupportedPatternError("a Unicode property without a name")
        self.at = end + 1
        return Chars((), properties=(f"\\{kind}{{{name}}}",))

    def _code(self, kind: str) -> str:
        if kind == "u" and self._peek() == "{":
            end = self.text.find("}", self.at)
            digits, self.at = self.text[self.at + 1 : end], end + 1
        else:
            length = 2 if kind == "x" else 4
            digits = self._peek(length) if len(self._peek(length)) == length else ""
            self.at += length
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise UnsupportedPatternError(f"an escape \\{kind} that is not a character") from None

    def _class(self) -> Node:
        negated = self._peek() == "^"
        self.at += negated
        members: list[Chars] = []
        while self._peek() != "]":
            members.extend(self._range())
        self.at += 1
        ranges = sorted(pair for member in members for pair in _positive(member))
        return Chars(tuple(ranges), negated, tuple(name for member in members for name in member.properties))

    def _range(self) -> list[Chars]:
        first = self._member()
        if self._peek() != "-" or self._peek(2) in ("-]", "-"):
            return [first]
        self.at += 1
        last = self._member()
        if not (_is_one(first) and _is_one(last)):  # `[\w-.]`: Annex B reads the hyphen as itself
            return [first, _one("-"), last]
        low, high = first.ranges[0][0], last.ranges[0][0]
        if low > high:
            raise UnsupportedPatternError("a range of characters that is out of order")
        return [Chars(((low, high),))]

    def _member(self) -> Chars:
        char = self._take()
        if char != "\\":
            return _one(char)
        if self._peek() == "b":
            self.at += 1
            return _one("\b")
        return self._class_escape()


def _one(char: str) -> Chars:
    return Chars(((char, char),))


def _is_one(chars: Chars) -> bool:
    return (
        not chars.negated
        and not chars.properties
        and len(chars.ranges) == 1
        and chars.ranges[0][0] == chars.ranges[0][1]
    )


def _positive(chars: Chars) -> Ranges:
    return complement(chars.ranges) if chars.negated else chars.ranges


def complement(ranges: Ranges) -> Ranges:
    """All characters that are in none of `ranges`."""
    found: list[tuple[str, str]] = []
    low = 0
    for first, last in sorted(ranges):
        if ord(first) > low:
            found.append((chr(low), chr(ord(first) - 1)))
        low = max(low, ord(last) + 1)
    if low <= ord(_LAST):
        found.append((chr(low), _LAST))
    return tuple(found)
