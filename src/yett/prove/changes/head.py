"""Changes of method, target, host and header lines, and of how often and from where a message comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.prove.message import Message
from yett.prove.needs import limits_of
from yett.prove.site import NoPlaceError

_METHODS = ("GET", "PUT", "DELETE", "PATCH", "POST")
_MOST_REPEATS = 20_000


def method_set(message: Message, method: str) -> None:
    """Another method, whatever it is."""
    message.method = method


def method_undescribed(message: Message, _: object) -> None:
    """A method that the path does not have, without a body."""
    operations: list[dict[str, Any]] = message.site.api["operations"]
    known = {each["method"] for each in operations if each["path"] == message.site.plan["path"]}
    free = [method for method in _METHODS if method not in known]
    if not free:
        raise NoPlaceError("the path has every method")
    message.method, message.body = free[0], None
    header_remove(message, "Content-Type")


def host_set(message: Message, host: str) -> None:
    """Another host in Host; the empty one leaves Host out."""
    message.authority = host or None


def host_repeat(message: Message, host: str) -> None:
    """A second Host, behind the benign one."""
    message.headers.insert(0, ("Host", host))


def target_set(message: Message, target: str) -> None:
    """Another target, as it is."""
    message.target = target


def target_absolute(message: Message, host: str) -> None:
    """The absolute form, of another host."""
    message.prefix = f"http://{host}"


def _segments(message: Message) -> list[str]:
    segments = message.path.split("/")[1:]
    if not any(segments):
        raise NoPlaceError("the path is /")
    return segments


def path_empty_segment(message: Message, _: object) -> None:
    """Two slashes for one."""
    message.path = "/" + message.path


def path_dot_segment(message: Message, segment: str) -> None:
    """A segment and one that takes it back."""
    message.path = f"/x/{segment}{message.path}"


def path_encoded_slash(message: Message, _: object) -> None:
    """The last slash in its escaped form."""
    if len(_segments(message)) < 2:
        raise NoPlaceError("the path has one segment")
    before, _, last = message.path.rpartition("/")
    message.path = f"{before}%2F{last}"


def path_encoded_twice(message: Message, _: object) -> None:
    """The last character, escaped twice."""
    _segments(message)
    if not message.path[-1].isalnum():
        raise NoPlaceError("the path does not end in a letter")
    message.path = f"{message.path[:-1]}%25{ord(message.path[-1]):02X}"


def path_unknown(message: Message, segment: str) -> None:
    """A path below the base that no operation has, asked for without a body."""
    message.path, message.query = f"{message.site.base}/{segment}", []
    message.method, message.body = "GET", None
    header_remove(message, "Content-Type")


def path_above(message: Message, _: object) -> None:
    """The same path without the API's base."""
    message.path = message.path.removeprefix(message.site.base) or "/"
    if message.site.is_answered(message.path):
        raise NoPlaceError("an API answers for the path without its base")


def path_split(message: Message, _: object) -> None:
    """A value that holds what stands between two parameters of one segment."""
    template = message.site.plan["path"].split("/")
    for number, segment in enumerate(template):
        between = segment.partition("}")[2].partition("{")[0]
        if segment.count("{") == 2 and between:
            parts = message.path.removeprefix(message.site.base).split("/")
            parts[number] = parts[number].replace(between, between + parts[number].split(between)[0] + between, 1)
            message.path = message.site.base + "/".join(parts)
            return
    raise NoPlaceError("no segment has two parameters")


def header_add(message: Message, line: str) -> None:
    """A header line `Name: value`, behind the others."""
    name, _, value = line.partition(": ")
    message.headers.append((name, value))


def header_set(message: Message, line: str) -> None:
    """A header line `Name: value` in place of those of its name."""
    header_remove(message, line.partition(": ")[0])
    header_add(message, line)


def header_remove(message: Message, name: str) -> None:
    """No line of this name."""
    message.headers = [line for line in message.headers if line[0].lower() != name.lower()]


def peer_proxy(message: Message, _: object) -> None:
    """Comes from a proxy that the plan trusts."""
    message.is_from_proxy = True


def limit_exceed(message: Message, whom: str) -> None:
    """As often as the smallest bucket holds, and once more, all at the same time; what does not count varies."""
    message.repeats = min(limit["burst"] for limit in limits_of(message.site, whom)) + 1
    if message.repeats > _MOST_REPEATS:
        raise NoPlaceError(f"{message.repeats} requests are too many for a proof")
    message.varies = "subject" if whom == "address" else "address"


VERBS: dict[str, Callable[[Message, Any], None]] = {
    "method.set": method_set,
    "method.undescribed": method_undescribed,
    "host.set": host_set,
    "host.repeat": host_repeat,
    "target.set": target_set,
    "target.absolute": target_absolute,
    "path.above": path_above,
    "path.empty_segment": path_empty_segment,
    "path.dot_segment": path_dot_segment,
    "path.encoded_slash": path_encoded_slash,
    "path.encoded_twice": path_encoded_twice,
    "path.unknown": path_unknown,
    "path.split": path_split,
    "header.add": header_add,
    "header.set": header_set,
    "peer.proxy": peer_proxy,
    "limit.exceed": limit_exceed,
}
