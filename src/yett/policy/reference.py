"""The plan's language as a page, from the models; `python -m yett.policy.reference` prints it (docs/plan.md)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from yett.openapi.json_types import is_array
from yett.policy.errors import section_of
from yett.policy.plan import Plan
from yett.policy.section import Section

_HEAD = """\
# The plan

Every key of `yett.yaml`, with its default. `yett schema` prints the same as a JSON Schema
([yett.schema.json](yett.schema.json)) for editors; `yett check` says everything that is wrong at once. What is not
here is refused by name. Relative paths are relative to the plan's folder.

| as text | examples |
| --- | --- |
| duration | `250ms`, `5s`, `1m`, `12h`, `1d` |
| size | `512B`, `16KiB`, `1MiB` |
| rate | `60/minute`, `1000/hour`, `5/10s` |
| percentage | `20%` |
| address | `127.0.0.1:8080`, `[::1]:8080` |
| operation | its `operationId`, or `GET /path` as in the description; braces need quotes: `['GET /items/{id}']` |

<!-- From here on `python -m yett.policy.reference` writes, from the models. -->
"""


def page() -> str:
    """The page, in Markdown."""
    parts = [_HEAD]
    for title, section in _sections("yett.yaml", Plan, set()):
        parts.append(f"\n## {title}\n\n{_about(section)}\n\n| key | default | meaning |\n| --- | --- | --- |\n")
        parts.extend(_rows(section))
    return "".join(parts)


def _sections(title: str, section: type[Section], known: set[type[Section]]) -> Iterator[tuple[str, type[Section]]]:
    known.add(section)
    yield title, section
    for key, below, many in _below(section):
        if below not in known:
            path = f"{'' if title == 'yett.yaml' else title + '.'}{key}"
            yield from _sections(path + many, below, known)


def _below(section: type[Section]) -> Iterator[tuple[str, type[Section], str]]:
    for name, field in section.model_fields.items():
        found = section_of(field.annotation)
        if found is not None:
            below, many = found
            yield field.alias or name, below, many


def _about(section: type[Section]) -> str:
    text = " ".join((section.__doc__ or "").split())
    if not section.not_built:
        return text
    return f"{text} Not built yet, and refused: {', '.join(f'`{key}`' for key in section.not_built)}."


def _rows(section: type[Section]) -> Iterator[str]:
    schema: dict[str, Any] = section.model_json_schema(by_alias=True)["properties"]
    for name, field in section.model_fields.items():
        key = field.alias or name
        default = "needed" if field.is_required() else _default(section, name, schema[key])
        yield f"| `{key}` | {default} | {field.description}{_choices(schema[key])} |\n"


def _default(section: type[Section], name: str, schema: dict[str, Any]) -> str:
    value = section.model_fields[name].default
    if is_array(value) and value and all(isinstance(each, str) for each in value):
        return f"`[{', '.join(value)}]`"
    if value is None or value in ("", [], {}) or isinstance(value, Section | list):
        return ""
    return f"`{_as_written(value, schema)}`"


def _as_written(value: object, schema: dict[str, Any]) -> str:
    """A default as a user would write it: durations and sizes are kept as numbers."""
    examples = schema.get("examples", [])
    if isinstance(value, int) and not isinstance(value, bool) and examples:
        units = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
        if examples[0].endswith("%"):
            return f"{value}%"
        if "KiB" in "".join(examples):
            units = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
        unit, size = next((unit, size) for unit, size in units.items() if value % size == 0)
        return f"{value // size}{unit}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choices(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", [])]
    found = next((option["enum"] for option in options if "enum" in option), None)
    return f" ({', '.join(f'`{each}`' for each in found)})" if found else ""


if __name__ == "__main__":
    sys.stdout.write(page())
