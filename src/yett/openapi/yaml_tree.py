"""YAML 1.2 text → plain JSON values, and the place of each node; nothing about OpenAPI here.

Stands on libyaml's event stream: a tree of composed nodes would take ten times the memory. Refused with a place:
duplicate and non-scalar keys, several documents, tags beyond the core schema, aliases that contain themselves, and
documents whose aliases expand to more than `MOST_NODES` (a "billion laughs").
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, cast

import yaml

from yett.openapi.json_types import Json, is_array, is_object
from yett.openapi.scalar import Scalar, UnreadableScalarError, plain, tagged

Pointer = tuple[str, ...]
MOST_NODES = 1_000_000
DEEPEST = 200
_IN_QUOTES = "; between brackets a text with { stands in quotes: ['GET /items/{id}']"


# libyaml where the wheel brings it; the pure reader answers the same, twenty times slower.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    start_mark: _Mark
    anchor: str
    tag: str | None
    value: str
    implicit: tuple[bool, bool]


class _Events(Protocol):
    def get_event(self) -> _Event: ...

    def dispose(self) -> None: ...


class Spot(NamedTuple):
    """Line and column (from 0) of an entry's key, or list item, and of its value."""

    key: tuple[int, int]
    value: tuple[int, int]


class Found(NamedTuple):
    """What is wrong at a spot of the text (from 0)."""

    spot: tuple[int, int]
    found: str
    expected: str


def _is_brace(text: bytes, mark: _Mark) -> bool:
    lines = text.decode("utf-8", "replace").splitlines()
    return mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "{"


def _begins_with_tab(text: bytes, mark: _Mark) -> bool:
    lines = text.decode("utf-8", "replace").splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())]


class YamlTree:
    """Reads one document; `value` is the tree, `problems` what is wrong, `spots` where nodes are, if asked for."""

    def __init__(self, text: bytes, *, spots: bool = False) -> None:
        """Read `text`; with `spots`, remember where each node stands."""
        self.value: Json = None
        self.problems: list[Found] = []
        self.spots: dict[Pointer, Spot] | None = {} if spots else None
        self._anchors: dict[str, tuple[Json, int]] = {}
        self._nodes = 0
        self._parser = cast(_Events, _LOADER(text))
        try:
            self.value = self._document()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None and _begins_with_tab(text, mark):
                self._problem(mark, "a tab at the start of a line", "spaces: YAML is not indented by tabs")
                return
            hint = _IN_QUOTES if mark is not None and _is_brace(text, mark) else ""
            self._problem(mark, f"text that is not YAML ({error.problem})", f"YAML 1.2{hint}")
        except yaml.YAMLError as error:
            self._problem(None, f"text that is not YAML ({' '.join(str(error).split())})", "YAML 1.2 in UTF-8")
        except _StopError:
            pass
        finally:
            self._parser.dispose()

    def _problem(self, mark: _Mark | None, found: str, expected: str) -> None:
        spot = (mark.line, mark.column) if mark is not None else (0, 0)
        self.problems.append(Found(spot, found, expected))

    def _stop(self, mark: _Mark | None, found: str, expected: str) -> _StopError:
        self._problem(mark, found, expected)
        return _StopError()

    def _document(self) -> Json:
        self._parser.get_event()  # the stream's start
        first = self._parser.get_event()
        if isinstance(first, yaml.StreamEndEvent):
            raise self._stop(first.start_mark, "nothing", "a document")
        event = self._parser.get_event()
        if self.spots is not None:
            self.spots[()] = Spot(_spot(event), _spot(event))
        value = self._node(event, (), 0)
        self._parser.get_event()  # the document's end
        after = self._parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._stop(after.start_mark, "a second document", "one document in the file")
        return value

    def _node(self, event: _Event, at: Pointer, depth: int) -> Json:
        self._count(event, 1)
        if depth > DEEPEST:
            raise self._stop(event.start_mark, f"nesting deeper than {DEEPEST}", "a shallower document")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event, at, depth)
        else:
            value = self._sequence(event, at, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _count(self, event: _Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise self._stop(event.start_mark, f"aliases that expand to over {MOST_NODES} nodes", "a smaller document")

    def _alias(self, event: _Event) -> Json:
        if event.anchor not in self._anchors:
            raise self._stop(event.start_mark, f"the alias *{event.anchor}", "an anchor that is complete before it")
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        return value

    def _scalar(self, event: _Event) -> Scalar:
        try:
            if event.tag is not None:
                return tagged(event.tag, event.value)
            return plain(event.value) if event.implicit[0] else event.value
        except UnreadableScalarError as error:
            self._problem(event.start_mark, *error.args)
            return None

    def _sequence(self, event: _Event, at: Pointer, depth: int) -> list[Json]:
        self._collection_tag(event, "seq")
        items: list[Json] = []
        while not isinstance(item := self._parser.get_event(), yaml.SequenceEndEvent):
            pointer = (*at, str(len(items))) if self.spots is not None else at
            if self.spots is not None:
                self.spots[pointer] = Spot(_spot(item), _spot(item))
            items.append(self._node(item, pointer, depth + 1))
        return items

    def _mapping(self, event: _Event, at: Pointer, depth: int) -> dict[str, Json]:
        self._collection_tag(event, "map")
        members: dict[str, Json] = {}
        merged: list[Json] = []
        while not isinstance(key := self._parser.get_event(), yaml.MappingEndEvent):
            name = self._key(key)
            item = self._parser.get_event()
            pointer = (*at, name) if self.spots is not None else at
            if self.spots is not None:
                self.spots.setdefault(pointer, Spot(_spot(key), _spot(item)))
            value = self._node(item, pointer, depth + 1)
            if name == "<<" and key.implicit[0]:
                merged.append((item, value))
            elif name in members:
                self._problem(key.start_mark, f"the key {name!r} again", "each key once")
            else:
                members[name] = value
        for item, value in merged:
            self._merge(item, value, members)
        return members

    def _key(self, event: _Event) -> str:
        """A key as it was written: a reply's `200` needs no quotes."""
        if isinstance(event, yaml.AliasEvent) and isinstance(self._anchors.get(event.anchor, (None,))[0], str):
            return str(self._anchors[event.anchor][0])
        if not isinstance(event, yaml.ScalarEvent):
            raise self._stop(event.start_mark, "a key that is not a scalar", "a string")
        if event.anchor is not None:
            self._anchors[event.anchor] = (event.value, 1)
        return event.value

    def _merge(self, event: _Event, value: Json, members: dict[str, Json]) -> None:
        """`<<` of YAML 1.1, which many descriptions use: own keys win, earlier sources win."""
        for source in value if is_array(value) else [value]:
            if not is_object(source):
                self._problem(event.start_mark, "a merge of something else", "`<<` with an object or a list of objects")
                return
            for name, member in source.items():
                members.setdefault(name, member)

    def _collection_tag(self, event: _Event, name: str) -> None:
        if event.tag not in (None, "!", f"tag:yaml.org,2002:{name}"):
            self._problem(event.start_mark, f"the tag {event.tag}", f"a plain {name} of the YAML 1.2 core schema")


class _StopError(Exception):
    """Reading cannot go on; the problem is recorded."""


def _spot(event: _Event) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column
