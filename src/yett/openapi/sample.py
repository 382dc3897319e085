"""A value for a schema of a bundle, made from its keywords: the same for the same seed, without a validator.

What it makes usually fits; whoever asks must let a validator say so, and ask again with another seed where it does not.
`$ref` and `allOf` are merged, a branch of a union is chosen, examples of the schema are taken where there are any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from yett.openapi.dialect import types_of
from yett.openapi.json_types import Json
from yett.openapi.sample_text import text

_DEEPEST = 12
_FULL_DEPTH = 3


class NoSampleError(Exception):
    """This seed leads nowhere."""


@dataclass
class Merged:
    """The keywords that hold together for one value."""

    types: set[str] | None = None
    keywords: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    properties: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    required: list[str] = field(default_factory=list[str])

    def low(self, *names: str) -> float | None:
        """The strictest lower bound under some keywords."""
        return max((value for name in names for value in self.keywords.get(name, [])), default=None)

    def high(self, *names: str) -> float | None:
        """The strictest upper bound under some keywords."""
        return min((value for name in names for value in self.keywords.get(name, [])), default=None)


class Sampler:
    """Makes one value; `full` writes optional members too, `examples` takes those of the schemas."""

    def __init__(self, defs: dict[str, Json], seed: int, *, full: bool, examples: bool) -> None:
        """`defs` are the schemas that references lead to."""
        self._defs = defs
        self._random = Random(seed)  # noqa: S311 - reproducible examples, no secrets
        self._full = full
        self._examples = examples
        self._first = seed == 0

    def value(self, schema: Json, depth: int = 0) -> Json:
        """A value for a schema; raises `NoSampleError`."""
        if depth > _DEEPEST:
            raise NoSampleError
        merged = Merged()
        self._merge(schema, merged, 0)
        return self._make(merged, depth)

    def _all(self, schemas: list[Json], depth: int) -> Json:
        return self.value({"allOf": schemas} if len(schemas) > 1 else schemas[0], depth)

    def _merge(self, schema: Json, merged: Merged, depth: int) -> None:
        if schema is False or depth > _DEEPEST * 2:
            raise NoSampleError
        if schema is True:
            return
        types = types_of(schema)
        if types:
            merged.types = set(types) if merged.types is None else _narrowed(merged.types, set(types))
        merged.required.extend(name for name in schema.get("required", []) if name not in merged.required)
        for name, member in schema.get("properties", {}).items():
            merged.properties.setdefault(name, []).append(member)
        for name, value in schema.items():
            if name not in ("type", "required", "properties", "$ref", "allOf", "anyOf", "oneOf"):
                merged.keywords.setdefault(name, []).append(value)
        self._parts(schema, merged, depth)

    def _parts(self, schema: dict[str, Json], merged: Merged, depth: int) -> None:
        if "$ref" in schema:
            self._merge(self._defs[schema["$ref"].removeprefix("#/$defs/")], merged, depth + 1)
        for part in schema.get("allOf", []):
            self._merge(part, merged, depth + 1)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                self._merge(self._branch(schema[union]), merged, depth + 1)

    def _branch(self, branches: list[Json]) -> Json:
        """A branch that is not just null; the first on the first try."""
        worth = [branch for branch in branches if branch != {"type": "null"}] or branches
        return worth[0] if self._first else self._random.choice(worth)

    def _make(self, merged: Merged, depth: int) -> Json:
        fixed = self._fixed(merged)
        if fixed:
            return fixed[0] if self._first else self._random.choice(fixed)
        match self._type(merged):
            case "object":
                return self._object(merged, depth)
            case "array":
                return self._array(merged, depth)
            case "string":
                return self._string(merged)
            case "boolean":
                return True
            case "null":
                return None
            case kind:
                return self._number(merged, whole=kind == "integer")

    def _fixed(self, merged: Merged) -> list[Json]:
        """The values that the schema names: constants, then its own examples."""
        if "const" in merged.keywords:
            return merged.keywords["const"][:1]
        if "enum" in merged.keywords:
            common = [value for value in merged.keywords["enum"][0] if all(value in e for e in merged.keywords["enum"])]
            if not common:
                raise NoSampleError
            return [value for value in common if value is not None] or common
        given = [example for examples in merged.keywords.get("examples", []) for example in examples]
        return [example for example in given if example is not None] if self._examples else []

    def _type(self, merged: Merged) -> str:
        if merged.types is None:
            hints = {
                "properties": "object",
                "items": "array",
                "prefixItems": "array",
                "minimum": "number",
                "maximum": "number",
            }
            present = ["properties"] if merged.properties or merged.required else list(merged.keywords)
            return next((hints[name] for name in present if name in hints), "string")
        for kind in ("object", "array", "string", "integer", "number", "boolean", "null"):
            if kind in merged.types:
                return kind
        raise NoSampleError

    def _object(self, merged: Merged, depth: int) -> Json:
        names = list(merged.required)
        for demanded in merged.keywords.get("dependentRequired", []):
            names.extend(name for key in list(names) for name in demanded.get(key, []) if name not in names)
        least, most = merged.low("minProperties") or 0, merged.high("maxProperties")
        optional = [name for name in merged.properties if name not in names and False not in merged.properties[name]]
        wanted = len(optional) if self._full and depth < _FULL_DEPTH else max(0, int(least) - len(names))
        room = len(optional) if most is None else max(0, int(most) - len(names))
        made = {name: self._all(self._schemas_of(name, merged), depth + 1) for name in names}
        for name in optional[: min(wanted, room)]:
            try:
                made[name] = self._all(merged.properties[name], depth + 1)
            except NoSampleError:
                continue
        while len(made) < least:
            made[f"more{len(made)}"] = self._all(self._schemas_of("", merged), depth + 1)
        return made

    def _schemas_of(self, name: str, merged: Merged) -> list[Json]:
        if name in merged.properties:
            return merged.properties[name]
        rest = [value for value in merged.keywords.get("additionalProperties", []) if value is not False]
        return rest or [True]

    def _array(self, merged: Merged, depth: int) -> Json:
        least, most = int(merged.low("minItems") or 0), merged.high("maxItems")
        first = [schema for schemas in merged.keywords.get("prefixItems", [])[:1] for schema in schemas]
        first += merged.keywords.get("contains", [])
        rest = merged.keywords.get("items", [True])
        length = max(least, len(first), 1 if self._full and depth < _FULL_DEPTH else 0)
        length = length if most is None else min(length, int(most))
        made: list[Json] = []
        for index in range(length):
            item = self._all([first[index]] if index < len(first) else rest, depth + 1)
            if any(merged.keywords.get("uniqueItems", [])) and item in made:
                item = self._other(rest, made, depth)
            made.append(item)
        return made

    def _other(self, schemas: list[Json], made: list[Json], depth: int) -> Json:
        self._first = False
        for _ in range(50):
            item = self._all(schemas, depth + 1)
            if item not in made:
                return item
        raise NoSampleError

    def _string(self, merged: Merged) -> Json:
        least, most = int(merged.low("minLength") or 0), merged.high("maxLength")
        name = next(iter(merged.keywords.get("format", [])), None)
        patterns = merged.keywords.get("pattern", [])
        made = text(self._random, least, None if most is None else int(most), name, patterns)
        if made is None:
            raise NoSampleError
        return made

    def _number(self, merged: Merged, *, whole: bool) -> Json:
        step = merged.low("multipleOf") or (1 if whole else 0.5)
        low, high = merged.low("minimum", "exclusiveMinimum"), merged.high("maximum", "exclusiveMaximum")
        if low is not None and math.isinf(low):
            raise NoSampleError
        wish = 1 if (low is None or low < 1) and (high is None or high > 1) else low if low is not None else high
        start = math.ceil((wish or 0) / step)
        above = [low] if low in merged.keywords.get("exclusiveMinimum", []) else []
        below = [high] if high in merged.keywords.get("exclusiveMaximum", []) else []
        varied = [] if self._first else [start + self._random.randrange(100), start + self._random.randrange(4)]
        for count in (*varied, start, start + 1, start - 1):
            made = count * step
            if (low is None or made >= low) and (high is None or made <= high) and made not in above + below:
                return int(made) if whole or float(made).is_integer() else made
        if low is not None and high is not None and not whole:
            return (low + high) / 2
        raise NoSampleError


def _narrowed(one: set[str], other: set[str]) -> set[str]:
    common = one & other
    if ("number" in one and "integer" in other) or ("integer" in one and "number" in other):
        common = common | {"integer"}
    return common
