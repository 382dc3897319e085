"""Plain YAML scalars by the core schema of YAML 1.2.2 (§10.3): `no`, `on`, `0777` and dates stay what was written.

Nothing but scalars: no nodes, no documents.
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")
_LONGEST_NUMBER = 400
_TAGS = "tag:yaml.org,2002:"


class UnreadableScalarError(ValueError):
    """A scalar that JSON has no value for; `args` are what was found and what was expected."""


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar without a tag."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if len(text) > _LONGEST_NUMBER:
        return text
    if _DECIMAL.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return int(text[2:], 16)
    if _NOT_FINITE.match(text):
        raise UnreadableScalarError(text, "a number that JSON can write")
    if _FLOAT.match(text):
        return finite(text)
    return text


def finite(text: str) -> float:
    """A float that is neither infinite nor NaN; raises `UnreadableScalarError`."""
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableScalarError(text, "a number that a 64-bit float can hold")
    return value


def integer(text: str) -> int:
    """A whole number that is not too long; raises `UnreadableScalarError`."""
    if len(text) > _LONGEST_NUMBER:
        raise UnreadableScalarError(text, f"a number of at most {_LONGEST_NUMBER} digits")
    return int(text)


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag of the core schema; raises `UnreadableScalarError` for any other."""
    name = tag.removeprefix(_TAGS)
    if tag == "!" or name == "str":
        return text
    value = plain(text)
    fits = {
        "null": value is None,
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits.get(name, False):
        raise UnreadableScalarError(f"{text[:40]!r} with the tag {tag}", "a value of the YAML 1.2 core schema")
    return value
