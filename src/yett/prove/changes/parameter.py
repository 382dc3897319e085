"""Changes of parameters, in path, query, headers and cookies, as the plan declares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from yett.prove.message import Message
from yett.prove.site import NoPlaceError

_TEXTS = ("", "a", "a b", "a\ufffdb", "a\nb", "a\\b", "a\x00b", "a%zzb")
_WRONG = ("not-what-is-described", "0", "-1", "99999999999999999999", "", "1e999", "x" * 5000)


def _free_texts(message: Message, location: str) -> Iterator[dict[str, Any]]:
    """Parameters that take any short text as it is."""
    for parameter in message.site.parameters(location):
        plain = parameter["style"] in ("simple", "form") and parameter["types"] == ["string"]
        if plain and all(message.site.conforms(parameter["schema"], text) for text in _texts_of(location)):
            yield parameter


def _texts_of(location: str) -> tuple[str, ...]:
    return _TEXTS if location == "query" else _TEXTS[1:]


def query_text(message: Message, text: str) -> None:
    """Raw text as the value of a parameter that takes any, else of one that nothing declares."""
    found = next(_free_texts(message, "query"), {"name": "text-of-a-proof"})
    _write(message, quote(found["name"], safe=""), f"a{text}b")


def query_bare(message: Message, _: object) -> None:
    """A parameter's name without = and value."""
    named = [parameter for parameter in _free_texts(message, "query") if not parameter["allow_empty"]]
    if not named:
        raise NoPlaceError("no parameter of the query takes any text")
    _write(message, quote(named[0]["name"], safe=""), None)


def _write(message: Message, name: str, value: str | None) -> None:
    message.query = [*(pair for pair in message.query if pair[0] != name), (name, value)]


def query_add(message: Message, pair: str) -> None:
    """A parameter that nothing declares."""
    name, _, value = pair.partition("=")
    for parameter in message.site.parameters("query"):
        takes_all = parameter["style"] == "form" and parameter["explode"] and "object" in parameter["types"]
        if parameter["name"] == name or (takes_all and not parameter["members"]):
            raise NoPlaceError(f"{parameter['name']} takes in {name}")
    message.query.append((name, value))


def query_repeat(message: Message, _: object) -> None:
    """A parameter that holds one value, once more behind itself."""
    single = {
        quote(parameter["name"], safe="")
        for parameter in message.site.parameters("query")
        if not {"array", "object"} & set(parameter["types"])
    }
    for name, value in message.query:
        if name in single:
            message.query.append((name, value))
            return
    raise NoPlaceError("no parameter of the query holds one value")


def path_text(message: Message, text: str) -> None:
    """Raw text as the value of a path parameter that takes any, else behind the path."""
    template: list[str] = message.site.plan["path"].split("/")
    parts = message.path.removeprefix(message.site.base).split("/")
    for parameter in _free_texts(message, "path"):
        segment = f"{{{parameter['name']}}}"
        if segment in template:
            parts[template.index(segment)] = f"a{text}b"
            message.path = message.site.base + "/".join(parts)
            return
    message.path += text


def parameter_drop(message: Message, _: object) -> None:
    """A required parameter less."""
    for parameter in message.site.plan["parameters"]:
        if parameter["required"] and parameter["in"] == "query" and parameter["style"] != "deepObject":
            name = quote(parameter["name"], safe="")
            if any(pair[0] == name for pair in message.query):
                message.query = [pair for pair in message.query if pair[0] != name]
                return
        if parameter["required"] and parameter["in"] == "header":
            message.headers = [line for line in message.headers if line[0].lower() != parameter["name"].lower()]
            return
    raise NoPlaceError("no parameter of query or headers is required")


def parameter_invalid(message: Message, _: object) -> None:
    """A text that a parameter's schema does not describe, in its place."""
    for location in ("path", "query"):
        for parameter in message.site.parameters(location):
            text = _wrong_text(message, parameter)
            if text is not None and _put(message, parameter, text):
                return
    raise NoPlaceError("every parameter takes any text")


def _wrong_text(message: Message, parameter: dict[str, Any]) -> str | None:
    if parameter["style"] not in ("simple", "form") or {"array", "object"} & set(parameter["types"]):
        return None
    for text in _WRONG:
        is_empty = text == "" and (parameter["allow_empty"] or parameter["in"] == "path")
        readings = (text, int(text) if text.lstrip("-").isdigit() else text)
        if not is_empty and not any(message.site.conforms(parameter["schema"], each) for each in readings):
            return text
    return None


def _put(message: Message, parameter: dict[str, Any], text: str) -> bool:
    if parameter["in"] == "query":
        _write(message, quote(parameter["name"], safe=""), quote(text, safe=""))
        return True
    template = message.site.plan["path"].split("/")
    if f"{{{parameter['name']}}}" not in template:
        return False
    parts = message.path.removeprefix(message.site.base).split("/")
    parts[template.index(f"{{{parameter['name']}}}")] = quote(text, safe="")
    message.path = message.site.base + "/".join(parts)
    return True


VERBS: dict[str, Callable[[Message, Any], None]] = {
    "query.text": query_text,
    "query.bare": query_bare,
    "query.add": query_add,
    "query.repeat": query_repeat,
    "path.text": path_text,
    "parameter.drop": parameter_drop,
    "parameter.invalid": parameter_invalid,
}
