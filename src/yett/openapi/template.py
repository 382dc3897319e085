"""Path templates: what they name, and their texts, which the engine compares decoded. No values are read."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

_PARAMETER = re.compile(r"(\{[^{}/]*\})")
_MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2})")
# The engine's admit refuses slashes and controls in any path; the others mean something else in a template or a target.
_UNREAD = re.compile(r"[/\\\x00-\x1f\x7f%?#{}]")
_PLAIN = "/-._~!$&'()*,=:@"


class TemplateError(ValueError):
    """A text of a path that is not percent-encoded UTF-8 (RFC 3986 §2.1)."""


def names_in(path: str) -> list[str]:
    """The parameters that a path template names, in its order."""
    return [each[1:-1] for each in _PARAMETER.split(path)[1::2]]


def texts_of(path: str) -> str:
    """What stands between its parameters, as it is written."""
    return "".join(_PARAMETER.split(path)[::2])


def structure(path: str) -> str:
    """The decoded template without the names of its parameters. Raises `TemplateError`."""
    return "".join("{}" if number % 2 else _decoded(each) for number, each in enumerate(_PARAMETER.split(path)))


def decoded(path: str) -> str:
    """The template with each text decoded once, as a request's path is. Raises `TemplateError`."""
    return "".join(each if number % 2 else _decoded(each) for number, each in enumerate(_PARAMETER.split(path)))


def _decoded(text: str) -> str:
    if _MALFORMED.search(text):
        raise TemplateError(text)
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise TemplateError(text) from None


def unreachable(path: str) -> str | None:
    """What of a template no request can have, because it is refused before; or none. Raises `TemplateError`."""
    for text in _PARAMETER.split(path)[::2]:
        for escape in re.findall(r"%..|\\", text):
            if _UNREAD.search(unquote_to_bytes(escape).decode("latin-1")):
                return escape
    segments = [segment.partition(";")[0] for segment in decoded(path).split("/")]
    if {".", ".."} & set(segments):
        return "a dot segment"
    return "an empty segment" if "" in segments[1:-1] else None


def in_url(template: str) -> str:
    """A decoded template as a URL has it, its parameters as they are."""
    parts = enumerate(_PARAMETER.split(template))
    return "".join(each if number % 2 else quote(each, safe=_PLAIN) for number, each in parts)
