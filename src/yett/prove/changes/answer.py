"""Changes of what the upstream answers: a reply that the description does not declare, or that nobody can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.openapi.json_types import Json, is_array, is_object
from yett.prove.changes.body import members, written, wrong_values
from yett.prove.message import Message, Reply
from yett.prove.site import NoPlaceError

_MOST = 64 << 20


def _reply(message: Message) -> Reply:
    if message.reply is None:
        raise NoPlaceError("no reply can be made")
    return message.reply


def _schema(message: Message) -> str | None:
    answer = message.site.answer
    if answer is None or answer.media_type is None:
        raise NoPlaceError("the reply has no JSON")
    status = str(answer.status)
    replies: dict[str, Any] = message.site.plan["replies"]
    for key in (status, f"{status[0]}XX", "default"):
        if key in replies and answer.media_type in replies[key]["content"]:
            return replies[key]["content"][answer.media_type]
    raise NoPlaceError("the reply is not in the plan")


def answer_status(message: Message, status: int) -> None:
    """A status that the description does not declare."""
    if str(status) in message.site.plan["replies"]:
        raise NoPlaceError(f"the description declares {status}")
    _reply(message).status = status


def answer_header(message: Message, line: str) -> None:
    """A header line `Name: value` in place of those of its name."""
    reply = _reply(message)
    name, _, value = line.partition(": ")
    reply.headers = [known for known in reply.headers if known[0].lower() != name.lower()]
    reply.headers.append((name, value))


def answer_large(message: Message, _: object) -> None:
    """As many blanks behind the body as make it larger than its limit."""
    limit: int = message.site.api["contract"]["reply_bytes"]
    if limit > _MOST:
        raise NoPlaceError(f"a reply of more than {limit} octets is too large for a proof")
    reply = _reply(message)
    reply.body = reply.body.ljust(limit + 1)


def answer_cut(message: Message, _: object) -> None:
    """All but the last octet."""
    reply = _reply(message)
    if len(reply.body) < 2:
        raise NoPlaceError("the reply is too short to be cut")
    reply.body = reply.body[:-1]


def answer_member(message: Message, name: str) -> None:
    """A member that nothing declares, in the first object of the body."""
    answer = message.site.answer
    value = answer.json if answer else None
    holder = value[0] if is_array(value) and value else value
    if not is_object(holder):
        raise NoPlaceError("the reply holds no object")

    def with_member(each: Json) -> Json:
        changed: Json = {**holder, name: each}
        return [changed, *value[1:]] if is_array(value) else changed

    schema = _schema(message)
    if any(message.site.conforms(schema, with_member(each)) for each in members(holder)):
        raise NoPlaceError(f"the reply is open: {name} is not undeclared")
    _reply(message).body = written(with_member("secret"))


def answer_wrong(message: Message, _: object) -> None:
    """A value that the schema does not describe, in the place of one that it does."""
    answer = message.site.answer
    schema = _schema(message)
    for other in wrong_values(answer.json if answer else None):
        if not message.site.conforms(schema, other):
            _reply(message).body = written(other)
            return
    raise NoPlaceError("the reply's schema takes any value")


VERBS: dict[str, Callable[[Message, Any], None]] = {
    "answer.status": answer_status,
    "answer.header": answer_header,
    "answer.large": answer_large,
    "answer.cut": answer_cut,
    "answer.member": answer_member,
    "answer.wrong": answer_wrong,
}
