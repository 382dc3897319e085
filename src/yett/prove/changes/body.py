"""Changes of a request's JSON body: as text where the text is the attack, as a value where the value is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from yett.openapi.json_types import Json, is_array, is_object
from yett.prove.message import Message
from yett.prove.site import NoPlaceError

# As many values as the engine reads (engine/src/steps/body.rs): so many, or one for so many octets of the limit.
_MOST_VALUES = 100_000
_OCTETS_OF_A_VALUE = 10
_MOST = 64 << 20
# An object comes last: where one is declared, its member is only undeclared, which is another fault.
WRONG: tuple[Json, ...] = (-1.5e300, True, [[{}]], "\u0001" * 9, None, {"a": []})


def written(value: Json) -> bytes:
    """JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object(message: Message) -> dict[str, Json]:
    value = message.site.request.json
    if not is_object(value) or not value:
        raise NoPlaceError("the body is no object")
    return value


def body_set(message: Message, text: str) -> None:
    """A text of its own, as latin-1; where there was none, as JSON."""
    if message.body is None:
        message.headers.append(("Content-Type", "application/json"))
    message.body = text.encode("latin-1")


def body_none(message: Message, _: object) -> None:
    """No body, and no word of its type."""
    message.body = None
    message.headers = [line for line in message.headers if line[0].lower() != "content-type"]


def body_cut(message: Message, _: object) -> None:
    """All but the last octet."""
    message.site.body_schema()
    if message.body is None or len(message.body) < 2:
        raise NoPlaceError("no body that could be cut")
    message.body = message.body[:-1]


def body_twice(message: Message, _: object) -> None:
    """The first member twice: another value before the benign one."""
    name, value = next(iter(_object(message).items()))
    other = next(wrong for wrong in WRONG if wrong != value)
    message.body = b"{" + written(name) + b":" + written(other) + b"," + written(_object(message))[1:]


def body_splice(message: Message, text: str) -> None:
    """Raw text as the first member of the object."""
    message.body = b"{" + text.encode("latin-1") + b"," + written(_object(message))[1:]


def body_deep(message: Message, depth: int) -> None:
    """A member with arrays within each other."""
    body_splice(message, f'"nested":{"[" * depth}{"]" * depth}')


def body_many(message: Message, _: object) -> None:
    """More values than are read: in an array that may be as long as it likes, else in a member of their own."""
    schema, value = message.site.body_schema(), deepcopy(message.site.request.json)
    limit: int = message.site.api["contract"]["body_bytes"]
    many = max(_MOST_VALUES, limit // _OCTETS_OF_A_VALUE) + 1
    for items in _arrays(value):
        del items[1:]
        one = items[0] if items and not isinstance(items[0], dict | list) else 0
        items[:] = [one] * 1000
        if message.site.conforms(schema, value):
            items[:] = [one] * many
            message.body = written(value)
        if message.body is not None and many < len(message.body) <= limit:
            return
    body_splice(message, f'"many":{written([0] * many).decode()}')
    if len(message.body or b"") > limit:
        raise NoPlaceError(f"a body of {limit} octets does not hold so many values")


def _arrays(value: Json) -> Iterator[list[Json]]:
    if is_object(value):
        yield from (member for member in value.values() if is_array(member))


def body_large(message: Message, _: object) -> None:
    """As many blanks behind the body as make it larger than its limit."""
    limit: int = message.site.api["contract"]["body_bytes"]
    message.site.body_schema()
    if limit > _MOST or message.body is None:
        raise NoPlaceError(f"a body of more than {limit} octets is too large for a proof")
    message.body = message.body.ljust(limit + 1)


def body_member(message: Message, name: str) -> None:
    """A member that nothing declares."""
    holder, schema = _object(message), message.site.body_schema()
    if any(message.site.conforms(schema, {**holder, name: each}) for each in members(holder)):
        raise NoPlaceError(f"the body is open: {name} is not undeclared")
    message.body = written({**holder, name: True})


def members(holder: dict[str, Json]) -> Iterator[Json]:
    """Values that a member could have: where one of them conforms, as in a map, a new name is not undeclared."""
    yield from (True, "secret", 1, None, {}, [])
    yield from holder.values()


def body_wrong(message: Message, _: object) -> None:
    """A value that the schema does not describe, in the place of one that it does."""
    schema, value = message.site.body_schema(), message.site.request.json
    # In a union a member of another type belongs to no branch, so it is undeclared, not wrong.
    for other in WRONG if message.site.is_union(schema) else wrong_values(value):
        if not message.site.conforms(schema, other):
            message.body = written(other)
            return
    raise NoPlaceError("the body's schema takes any value")


def wrong_values(value: Json) -> Iterator[Json]:
    """The same value with one member, or itself, of another type."""
    if is_object(value):
        for name in value:
            yield from ({**value, name: wrong} for wrong in WRONG)
    if is_array(value) and value:
        yield from ([*value, wrong] for wrong in WRONG)
    yield from WRONG


VERBS: dict[str, Callable[[Message, Any], None]] = {
    "body.set": body_set,
    "body.none": body_none,
    "body.cut": body_cut,
    "body.twice": body_twice,
    "body.splice": body_splice,
    "body.deep": body_deep,
    "body.many": body_many,
    "body.large": body_large,
    "body.member": body_member,
    "body.wrong": body_wrong,
}
