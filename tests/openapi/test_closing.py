"""Closing against its definition: an evaluator of the rule in `bundle`, written down plainly, judges random schemas
and values.

Two properties: the closed schema admits exactly what the definition admits, and never what the description refuses.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yett.openapi import read

NAMES = ("a", "b", "c")
DECLARING = {"properties", "additionalProperties", "patternProperties"}
ALL = frozenset({"*"})

leaves = st.sampled_from([{}, {}, {"const": 1}, {"type": "integer"}, {"type": "object"}, {"enum": [1, "x"]}])
references = st.sampled_from([{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Two"}])


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2)},
        optional={
            "required": st.lists(st.sampled_from(NAMES), min_size=1, max_size=1),
            "not": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
        },
    ) | st.fixed_dictionaries({"additionalProperties": inner | st.booleans()})


def composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    two = st.lists(inner, min_size=2, max_size=2)
    unions = st.one_of(
        st.fixed_dictionaries({"oneOf": two}),
        st.fixed_dictionaries({"anyOf": two}),
        st.fixed_dictionaries({"allOf": two}, optional={"oneOf": two}),
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries({"not": inner, "properties": st.just({"a": {}, "b": {}})}),
    )
    return st.one_of(objects(inner), unions, objects(inner))


schemas = st.recursive(leaves | references, composed, max_leaves=10)
values = st.recursive(
    st.sampled_from([1, "x"]),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from((*NAMES, "d")), inner, max_size=2),
        st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2),
        st.lists(inner, max_size=1),
    ),
    max_leaves=5,
)


class Definition:
    """The rule, without any of the bundle's economies. Answers none for "refused", or the members that are declared."""

    def __init__(self, components: dict[str, Any]) -> None:
        self.components = components

    def target(self, schema: dict[str, Any]) -> Any:
        return self.components[schema["$ref"].rsplit("/", 1)[1]]

    def parts(self, schema: Any) -> list[Any]:
        if not isinstance(schema, dict):
            return [schema]
        below = [*schema.get("allOf", []), *schema.get("anyOf", []), *schema.get("oneOf", [])]
        if "$ref" in schema:
            below.append(self.target(schema))
        return [schema, *(part for each in below for part in self.parts(each))]

    def declares(self, schema: Any) -> bool:
        return any(isinstance(part, dict) and DECLARING & part.keys() for part in self.parts(schema))

    def place(self, schema: Any, value: Any, closing: bool) -> bool:
        declared = self.part(schema, value, closing)
        if declared is None:
            return False
        if not (closing and isinstance(value, dict) and self.declares(schema)):
            return True
        return declared is ALL or value.keys() <= declared | self.required(schema)

    def required(self, schema: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        below = [*schema.get("allOf", []), *([self.target(schema)] if "$ref" in schema else [])]
        return set(schema.get("required", [])).union(*map(self.required, below))

    def part(self, schema: Any, value: Any, closing: bool) -> frozenset[str] | None:
        if isinstance(schema, bool):
            return frozenset() if schema else None
        own = {key: schema[key] for key in ("type", "required", "const", "enum") if key in schema}
        if not jsonschema.Draft202012Validator(own).is_valid(value):
            return None
        if "not" in schema and self.part(schema["not"], value, closing=False) is not None:
            return None
        found: list[frozenset[str] | None] = [self.members(schema, value, closing)]
        if isinstance(value, list) and "items" in schema:
            found.append(frozenset() if all(self.place(schema["items"], item, closing) for item in value) else None)
        found.extend(self.part(part, value, closing) for part in schema.get("allOf", []))
        if "$ref" in schema:
            found.append(self.part(self.target(schema), value, closing))
        alone = not schema.keys() & {"properties", "$ref", "allOf", "required"}
        if "anyOf" in schema:
            matched = [self.branch(branch, value, closing, alone) for branch in schema["anyOf"]]
            found.append(self.either(matched))
        if "oneOf" in schema:
            chosen = [branch for branch in schema["oneOf"] if self.part(branch, value, closing=False) is not None]
            found.append(self.branch(chosen[0], value, closing, alone) if len(chosen) == 1 else None)
        if any(each is None for each in found):
            return None
        return self.either(found)

    def branch(self, schema: Any, value: Any, closing: bool, alone: bool) -> frozenset[str] | None:
        found = self.part(schema, value, closing)
        parts = self.parts(schema)
        free = all(isinstance(part, dict) and part.keys() <= {"type", "$ref"} for part in parts) and any(
            part.get("type") == "object" for part in parts
        )
        return ALL if alone and free and found is not None else found

    def either(self, found: list[frozenset[str] | None]) -> frozenset[str] | None:
        matched = [each for each in found if each is not None]
        if not matched:
            return None
        return ALL if any(each is ALL for each in matched) else frozenset().union(*matched)

    def members(self, schema: dict[str, Any], value: Any, closing: bool) -> frozenset[str] | None:
        if not isinstance(value, dict):
            return frozenset()
        declared = schema.get("properties", {})
        if not all(self.place(declared[name], value[name], closing) for name in value if name in declared):
            return None
        if "additionalProperties" in schema:
            rest = [member for name, member in value.items() if name not in declared]
            return ALL if all(self.place(schema["additionalProperties"], member, closing) for member in rest) else None
        return frozenset(declared)


def loops(components: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> bool:
    if name in seen:
        return True
    text = json.dumps(components[name])
    return any(f"schemas/{other}" in text and loops(components, other, (*seen, name)) for other in components)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(schemas, schemas, schemas, st.lists(values, min_size=6, max_size=20))
def test_closed_schemas_admit_what_the_definition_admits(main, one, two, instances):
    components = {"One": one, "Two": two}
    if loops(components, "One") or loops(components, "Two"):
        return
    content = {"application/json": {"schema": main}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": {"requestBody": {"content": content}, "responses": {"200": {"description": ""}}}}},
        "components": {"schemas": components},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document))
        description = read(path)
    body = description.operations[0].body
    assert body is not None
    closed = {"$ref": body.content["application/json"], "$defs": description.schemas}
    described = jsonschema.Draft202012Validator({**main, "components": {"schemas": components}} if main else True)
    independent = jsonschema.Draft202012Validator(closed)
    engine = jsonschema_rs.Draft202012Validator(closed, pattern_options=jsonschema_rs.RegexOptions())
    definition = Definition(components)
    for value in instances:
        admitted = independent.is_valid(value)
        assert admitted == engine.is_valid(value)
        assert admitted == definition.place(main, value, closing=True)
        assert not admitted or described.is_valid(value)
