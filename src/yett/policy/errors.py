"""What pydantic says about a plan → problems with places; no rule of the plan stands here."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from yett.openapi.json_types import is_array, is_object
from yett.openapi.load import Document
from yett.openapi.problem import Problem, shown
from yett.policy.names import one_of
from yett.policy.section import Section

_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("at least {ge}", "ge"),
    "less_than_equal": ("at most {le}", "le"),
    "too_short": ("at least {min_length}", "min_length"),
    "too_long": ("at most {max_length}", "max_length"),
    "string_pattern_mismatch": ("a text that matches {pattern}", "pattern"),
}


def problems_of(error: ValidationError, root: type[Section], document: Document) -> list[Problem]:
    """Every fault that pydantic found, each at its place in the document."""
    errors = error.errors(include_url=False)
    not_built = {detail["loc"][:-1] for detail in errors if _not_built(detail, root)}
    return [
        _problem(detail, root, document)
        for detail in errors
        if not (detail["type"] == "missing" and detail["loc"][:-1] in not_built)
    ]


def _not_built(detail: ErrorDetails, root: type[Section]) -> bool:
    if detail["type"] != "extra_forbidden":
        return False
    section = section_at(root, detail["loc"][:-1])
    return section is not None and detail["loc"][-1] in section.not_built


def _problem(detail: ErrorDetails, root: type[Section], document: Document) -> Problem:
    pointer: tuple[str, ...] = tuple(map(str, detail["loc"]))
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(pointer, section_at(root, detail["loc"][:-1]), document)
    if kind == "missing":
        name, above = str(detail["loc"][-1]), pointer[:-1]
        parent = f" in {_named(above)}" if above else ""
        expected = f"the key {name}{_described(root, detail['loc'])}"
        return Problem(document.place(above), f"no {name!r}{parent}", expected)
    if kind == "wrong":
        below: tuple[str, ...] = context["below"]
        pointer += below
        found = context["found"] or shown(value_at(document.root, pointer))
        return Problem(document.place(pointer), found, context["expected"])
    given: object = detail["input"]
    found = ("an empty mapping" if is_object(given) else "an empty list") if given in ({}, []) else shown(given)
    return Problem(document.place(pointer), found, _expected(kind, context, root, detail))


def _named(pointer: tuple[str, ...]) -> str:
    """A mapping by its key, an entry of a list by the list's key and its number from 1."""
    number = pointer[-1]
    return f"entry {int(number) + 1} of {pointer[-2]!r}" if number.isdigit() and len(pointer) > 1 else repr(number)


def _expected(kind: str, context: dict[str, Any], root: type[Section], detail: ErrorDetails) -> str:
    if kind == "literal_error":
        return context["expected"].replace("'", "")
    if kind in _BOUNDS:
        text, name = _BOUNDS[kind]
        unit = " entry" if context[name] == 1 else " entries"
        return text.format_map(context) + (unit if kind in ("too_short", "too_long") else "")
    section = section_at(root, detail["loc"]) if kind.startswith("model") else None
    keys = f" with keys of {', '.join(keys_of(section))}" if section else ""
    return _TYPES.get(kind, detail["msg"]) + keys


def _unknown_key(pointer: tuple[str, ...], section: type[Section] | None, document: Document) -> Problem:
    name, place = pointer[-1], document.place(pointer, key=True)
    if section is not None and name in section.not_built:
        return Problem(
            place, f"the key {name!r}, which is not built yet", f"a plan without it: {section.not_built[name]}"
        )
    return Problem(place, f"the unknown key {name!r}", one_of(name, keys_of(section) if section else ()))


def _described(root: type[Section], loc: tuple[int | str, ...]) -> str:
    section = section_at(root, loc[:-1])
    for key, field in section.model_fields.items() if section else ():
        if (field.alias or key) == loc[-1] and field.description:
            return f" ({field.description})"
    return ""


def keys_of(section: type[Section]) -> list[str]:
    """The keys that a section has, as users write them."""
    return [field.alias or name for name, field in section.model_fields.items()]


def section_at(root: type[Section], loc: tuple[int | str, ...]) -> type[Section] | None:
    """The section that stands at a location of pydantic's."""
    found: Any = root
    for part in loc:
        if isinstance(found, type) and issubclass(found, Section):
            fields = {field.alias or name: field for name, field in found.model_fields.items()}
            found = fields[part].annotation if part in fields else None
        else:
            inside = get_args(found)
            found = inside[-1] if inside else None
        found = next(_plain(found), None)
    return found if isinstance(found, type) and issubclass(found, Section) else None


def section_of(annotation: object) -> tuple[type[Section], str] | None:
    """The section that an annotation holds, and whether one (``), several (`[]`) or named ones (`.NAME`)."""
    found: Any = next(_plain(annotation), None)
    many = {list: "[]", dict: ".NAME"}.get(get_origin(found), "")
    if many:
        found = next(_plain(get_args(found)[-1]), None)
    return (found, many) if isinstance(found, type) and issubclass(found, Section) else None


def _plain(annotation: object) -> Iterator[Any]:
    """An annotation without `Annotated` and `| None`."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            if part is not type(None):
                yield from _plain(part)
    elif origin is Annotated:
        yield from _plain(get_args(annotation)[0])
    else:
        yield annotation


def value_at(root: object, pointer: tuple[str, ...]) -> object:
    """The value at a pointer; where a text stands for a mapping, the text; null where nothing is."""
    for part in pointer:
        if is_object(root):
            root = root.get(part)
        elif is_array(root) and part.isdigit() and int(part) < len(root):
            root = root[int(part)]
        else:
            break
    return root
