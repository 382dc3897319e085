"""A file → a document tree of plain JSON values that can tell the place of each node; nothing about OpenAPI here.

JSON is read by `json`, YAML by libyaml's events. Places are found by a second reading that happens only when
something must be shown, so a good description pays nothing for them.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from yett.openapi.json_spots import JsonSpots, spot_of_token
from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.problem import Place, Problems
from yett.openapi.scalar import UnreadableScalarError, finite, integer
from yett.openapi.yaml_tree import DEEPEST, Pointer, Spot, YamlTree

MOST_BYTES = 32 * 1024 * 1024
_SHOWN = 60


def pointer_text(pointer: Pointer) -> str:
    """A JSON pointer as RFC 6901 writes it."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in pointer)


class Document:
    """One file of a description: `root` is its value, `file` the name that errors show."""

    def __init__(self, file: str, text: bytes, problems: Problems) -> None:
        """Read `text`; what cannot be read is added to `problems` and `root` is null."""
        self.file = file
        self.root: Json = None
        self._text = text
        self.is_json = _looks_like_json(file, text)
        if len(text) > MOST_BYTES:
            problems.error(self._at((0, 0)), f"{len(text)} bytes", f"at most {MOST_BYTES}")
        elif self.is_json:
            self._read_json(problems)
        else:
            self._read_yaml(problems)

    def place(self, pointer: Pointer = (), *, key: bool = False) -> Place:
        """Where the value at `pointer` stands (its key, if `key`), or the nearest value above it."""
        for length in range(len(pointer), -1, -1):
            spot = self._spots.get(pointer[:length])
            if spot is not None:
                return self._at(spot.key if key else spot.value, pointer)
        return self._at((0, 0), pointer)

    @cached_property
    def _spots(self) -> dict[Pointer, Spot]:
        if self.root is None:
            return {}
        if self.is_json:
            return JsonSpots(self._text.decode("utf-8-sig")).spots
        return YamlTree(self._text, spots=True).spots or {}

    def _at(self, spot: tuple[int, int], pointer: Pointer = ()) -> Place:
        return Place(self.file, spot[0] + 1, spot[1] + 1, pointer_text(pointer))

    def _read_yaml(self, problems: Problems) -> None:
        tree = YamlTree(self._text)
        for problem in tree.problems:
            problems.error(self._at(problem.spot), problem.found, problem.expected)
        self.root = None if tree.problems else tree.value

    def _read_json(self, problems: Problems) -> None:
        reader, text = _JsonReader(), ""
        try:
            text = self._text.decode("utf-8-sig")
            root = reader.read(text)
        except UnicodeDecodeError as error:
            line = self._text.count(b"\n", 0, error.start)
            column = error.start - (self._text.rfind(b"\n", 0, error.start) + 1)
            problems.error(self._at((line, column)), "bytes that are not UTF-8", "JSON in UTF-8")
        except json.JSONDecodeError as error:
            spot = (error.lineno - 1, error.colno - 1)
            problems.error(self._at(spot), f"text that is not JSON ({error.msg})", "JSON (RFC 8259)")
        except UnreadableScalarError as error:
            found, expected = error.args
            short = found if len(found) <= _SHOWN else f"{found[: _SHOWN - 1]}…"
            problems.error(self._at(spot_of_token(text, found)), short, expected)
        except RecursionError:
            problems.error(self._at((0, 0)), f"nesting deeper than {DEEPEST}", "a shallower document")
        else:
            self._accept_json(text, root, reader.repeats, problems)

    def _accept_json(self, text: str, root: Json, repeats: bool, problems: Problems) -> None:
        wrong = len(problems.errors)
        if _depth(root) > DEEPEST:
            problems.error(self._at((0, 0)), f"nesting deeper than {DEEPEST}", "a shallower document")
            return
        if repeats:
            for pointer, spot in JsonSpots(text).repeated:
                problems.error(self._at(spot, pointer), f"the key {pointer[-1]!r} again", "each key once")
        if re.search(r"\\u[dD][89a-fA-F]", text) and _has_lone_surrogate(root):
            problems.error(self._at((0, 0)), "half a surrogate pair in a string", "strings of Unicode characters")
        if len(problems.errors) == wrong:
            self.root = root


class Where(NamedTuple):
    """A place that is looked up only when it is shown."""

    document: Document
    pointer: Pointer
    key: bool = False

    @property
    def place(self) -> Place:
        """File, line and column."""
        return self.document.place(self.pointer, key=self.key)


def _looks_like_json(file: str, text: bytes) -> bool:
    if Path(file).suffix.lower() in (".yaml", ".yml"):
        return False
    return Path(file).suffix.lower() == ".json" or text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


class _JsonReader:
    """`json.loads` without its extensions (NaN, Infinity), which notices repeated keys."""

    def __init__(self) -> None:
        self.repeats = False

    def read(self, text: str) -> Json:
        return json.loads(
            text,
            object_pairs_hook=self._members,
            parse_constant=_refuse_constant,
            parse_float=finite,
            parse_int=integer,
        )

    def _members(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        members = dict(pairs)
        self.repeats = self.repeats or len(members) != len(pairs)
        return members


def _refuse_constant(name: str) -> Json:
    raise UnreadableScalarError(name, "a number that JSON can write")


def _depth(root: Json) -> int:
    depth, level = 0, [root]
    while level:
        below: list[Json] = []
        for value in level:
            if is_object(value):
                below.extend(value.values())
            elif is_array(value):
                below.extend(value)
        depth, level = depth + 1, below
    return depth


def _has_lone_surrogate(root: Json) -> bool:
    try:
        json.dumps(root, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
