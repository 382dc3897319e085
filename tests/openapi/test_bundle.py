"""Places are closed as the rule in `bundle` says; every judgement is made by two validators that must agree."""

import pytest

A = {"type": "object", "properties": {"a": {"type": "string"}}}
B = {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}


@pytest.mark.parametrize(
    ("schema", "value", "admitted"),
    [
        (A, {"a": "x"}, True),
        (A, {"a": "x", "extra": 1}, False),
        ({**A, "additionalProperties": True}, {"extra": 1}, True),
        ({**A, "additionalProperties": {}}, {"extra": 1}, True),
        ({**A, "additionalProperties": {"type": "integer"}}, {"extra": 1}, True),
        ({**A, "additionalProperties": {"type": "integer"}}, {"extra": "x"}, False),
        ({**A, "additionalProperties": A}, {"extra": {"a": "x"}}, True),
        ({**A, "additionalProperties": A}, {"extra": {"extra": 1}}, False),
        ({**A, "unevaluatedProperties": True}, {"extra": 1}, True),
        ({**A, "patternProperties": {"^x-": {}}}, {"x-1": 1}, True),
        ({**A, "patternProperties": {"^x-": {}}}, {"y-1": 1}, False),
        ({"properties": {"in": A}}, {"in": {"a": "x"}}, True),
        ({"properties": {"in": A}}, {"in": {"extra": 1}}, False),
        ({"type": "array", "items": A}, [{"a": "x"}], True),
        ({"type": "array", "items": A}, [{"extra": 1}], False),
        ({"prefixItems": [A], "items": B}, [{"a": "x"}, {"b": 1}], True),
        ({"prefixItems": [A], "items": B}, [{"b": 1}], False),
        ({"allOf": [A, B]}, {"a": "x", "b": 1}, True),
        ({"allOf": [A, B]}, {"a": "x", "b": 1, "extra": 1}, False),
        ({"allOf": [A], "properties": {"c": {}}}, {"a": "x", "c": 1}, True),
        ({"allOf": [{**A, "additionalProperties": True}, B]}, {"b": 1, "extra": 1}, True),
        ({"allOf": [{"properties": {"in": A}}, {"properties": {"in": B}}]}, {"in": {"a": "x"}}, False),
        ({"oneOf": [B, {"type": "string"}]}, {"b": 1}, True),
        ({"oneOf": [B, {"type": "string"}]}, {"b": 1, "extra": 1}, False),
        ({"oneOf": [B, {**A, "required": ["a"]}]}, {"b": 1}, True),
        ({"oneOf": [B, {**A, "required": ["a"]}]}, {"b": 1, "a": "x"}, False),
        ({"oneOf": [B, {**A, "required": ["a"]}]}, {"b": 1, "a": 5}, False),  # only the branch that matched declares
        ({"anyOf": [B, {**A, "required": ["a"]}]}, {"b": 1, "a": "x"}, True),
        ({"anyOf": [B, {**A, "required": ["a"]}]}, {"b": 1, "extra": 1}, False),
        ({"anyOf": [{"type": "string"}, {"type": "object"}]}, {"anything": 1}, True),
        ({"anyOf": [A, {"type": "object"}]}, {"anything": 1}, True),
        ({**A, "anyOf": [{"required": ["a"]}, {"type": "object"}]}, {"anything": 1}, False),
        ({"type": "object"}, {"anything": 1}, True),
        ({**A, "required": ["named"]}, {"named": [1]}, True),
        ({**A, "required": ["named"]}, {"named": 1, "extra": 1}, False),
        ({"allOf": [A, {"required": ["named"]}]}, {"named": 1, "a": "x"}, True),
        ({"required": ["named"], "additionalProperties": {"type": "integer"}}, {"named": "x"}, False),
        ({}, {"anything": {"at": ["all"]}}, True),
        (True, {"anything": 1}, True),
        ({**A, "not": {"properties": {"a": {"const": "bad"}}, "required": ["a"]}}, {"a": "good"}, True),
        ({**A, "not": {"properties": {"a": {"const": "bad"}}, "required": ["a"]}}, {"a": "bad"}, False),
        (
            {"properties": {"k": {}}, "if": {"properties": {"k": {"const": 1}}}, "then": A, "else": B},
            {"k": 1, "a": "x"},
            True,
        ),
        (
            {"properties": {"k": {}}, "if": {"properties": {"k": {"const": 1}}}, "then": A, "else": B},
            {"k": 2, "b": 1, "a": "x"},
            False,
        ),
        ({"dependentSchemas": {"b": A}, "properties": {"b": {}}}, {"b": 1, "a": "x"}, True),
        ({"dependentSchemas": {"b": A}, "properties": {"b": {}}}, {"a": "x"}, False),
        ({"type": ["object", "null"], "properties": {"a": {}}}, None, True),
        ({"type": ["object", "null"], "properties": {"a": {}}}, {"extra": 1}, False),
    ],
)
def test_closing(admits, schema, value, admitted):
    assert admits(schema, value) is admitted
    assert admits(schema, value, reply=True) is admitted


def test_oneof_is_decided_on_unclosed_branches(admits):
    """Both branches match what the description says, so the description refuses; closing must not admit it."""
    inner = {"type": "object", "properties": {"p": {}}}
    other = {"type": "object", "properties": {"q": {}}}
    schema = {"oneOf": [{"properties": {"x": inner}}, {"properties": {"x": other}}]}
    assert not admits(schema, {"x": {"p": 1}})


def test_not_is_never_closed(admits):
    schema = {"properties": {"x": {}}, "not": {"$ref": "#/components/schemas/Bad"}}
    bad = {"properties": {"x": {"type": "object", "properties": {"p": {"const": 1}}, "required": ["p"]}}}
    assert not admits(schema, {"x": {"p": 1, "extra": 1}}, Bad=bad)
    assert admits(schema, {"x": {"p": 2, "extra": 1}}, Bad=bad)


def test_one_schema_as_place_and_as_part(admits):
    schema = {
        "properties": {"whole": {"$ref": "#/components/schemas/A"}},
        "allOf": [{"$ref": "#/components/schemas/A"}],
    }
    assert admits(schema, {"whole": {"a": "x"}, "a": "y"}, A=A)
    assert not admits(schema, {"whole": {"a": "x", "whole": 1}, "a": "y"}, A=A)


def test_cycles_stay_references(described, one_schema, accepts):
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    description = described(one_schema({"$ref": "#/components/schemas/Node"}, Node=node))
    assert list(description.schemas) == ["Node"]
    assert accepts(description, "#/$defs/Node", {"next": {"next": {}}})
    assert not accepts(description, "#/$defs/Node", {"next": {"next": {"extra": 1}}})


def test_a_bundle_holds_each_schema_once(described, one_schema):
    schema = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}}
    main = one_schema(schema, A=A)
    main["paths"]["/b"] = main["paths"]["/c"] = main["paths"]["/a"]
    assert len(described(main).schemas) == 2


def test_the_deepest_schema_that_is_read(admits):
    schema, value = {"type": "object", "properties": {"a": {}}}, {"a": 1}
    for _ in range(180):
        schema, value = {"items": schema}, [value]
    assert admits(schema, value)


def test_every_schema_knows_where_it_comes_from(described, one_schema):
    description = described(one_schema({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, A=A))
    found = {name: description.schema_place(name).pointer for name in description.schemas}
    assert found == {
        "A": "/components/schemas/A",
        "POST_a.body": "/paths/~1a/post/requestBody/content/application~1json/schema",
    }


def test_open_places_are_listed(described, one_schema):
    description = described(one_schema({"type": "object", "properties": {"free": {"type": "object"}}}))
    assert {place.pointer.rsplit("/", 1)[1] for place in description.open_places} == {"free"}


@pytest.mark.parametrize("keyword", ["additionalProperties", "unevaluatedProperties"])
def test_places_that_the_description_opens_are_listed(described, one_schema, keyword):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, keyword: True}
    assert len(described(one_schema(schema)).open_places) == 2  # the body, the reply
    assert not described(one_schema({**schema, keyword: {"type": "string"}})).open_places


def test_patterns_that_are_one_on_the_linear_engine_both_hold(admits):
    schema = {"patternProperties": {r"^\d+$": {"type": "string"}, "^[0-9]+$": {"maxLength": 3}}}
    assert admits(schema, {"1": "abc"})
    assert not admits(schema, {"1": 7})
    assert not admits(schema, {"1": "abcd"})


OPEN = {"type": "object", "additionalProperties": True}


@pytest.mark.parametrize(
    ("schema", "vague"),
    [
        ({}, True),
        (True, True),
        ({"type": "object"}, True),
        (OPEN, True),
        ({"type": "array"}, True),
        ({"type": "array", "items": {}}, True),
        ({"anyOf": [{"type": "object"}, {"type": "null"}]}, True),
        ({"$ref": "#/components/schemas/Open"}, True),
        ({"$ref": "#/components/schemas/Looped"}, False),
        ({"type": "array", "items": {"type": "integer"}}, False),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, False),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, False),
        ({"type": "string"}, False),
        ({"enum": [1]}, False),
    ],
)
def test_a_message_of_which_the_description_says_nothing_is_noted(described, one_schema, schema, vague):
    looped = {"type": "array", "items": {"$ref": "#/components/schemas/Looped"}}
    [operation] = described(one_schema(schema, Open=OPEN, Looped=looped)).operations
    said = "the {} of application/json may hold anything: no schema declares its members"
    assert operation.notes == (tuple(said.format(message) for message in ("body", "reply 200")) if vague else ())


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("value", "request_admits", "reply_admits"),
    [
        ({"name": "x"}, False, False),
        ({"name": "x", "password": "p"}, True, False),
        ({"name": "x", "id": 1}, False, True),
        ({"name": "x", "id": 1, "password": "p"}, False, False),
        ({"name": "x", "password": "p", "friend": {"name": "y", "password": "q"}}, True, False),
        ({"name": "x", "password": "p", "friend": {"name": "y", "password": "q", "id": 2}}, False, False),
    ],
)
def test_directions(admits, version, value, request_admits, reply_admits):
    user = {
        "type": "object",
        "required": ["name", "id", "password"],
        "properties": {
            "name": {"type": "string"},
            "id": {"type": "integer", "readOnly": True},
            "password": {"type": "string", "writeOnly": True},
            "friend": {"$ref": "#/components/schemas/User"},
        },
    }
    reference = {"$ref": "#/components/schemas/User"}
    assert admits(reference, value, version, User=user) is request_admits
    assert admits(reference, value, version, reply=True, User=user) is reply_admits


def test_a_member_that_is_only_read_is_refused_in_an_open_place_too(admits):
    schema = {"properties": {"id": {"readOnly": True}}, "additionalProperties": True}
    assert not admits(schema, {"id": 1})
    assert admits(schema, {"id": 1, "more": 1}, reply=True)


def test_required_beside_the_part_that_declares(admits):
    base = {"properties": {"id": {"readOnly": True}, "name": {}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["id", "name"]}
    assert admits(schema, {"name": "x"}, Base=base)
    assert not admits(schema, {"name": "x"}, reply=True, Base=base)


def test_schemas_without_directions_are_not_doubled(described, one_schema):
    user = {"type": "object", "properties": {"id": {"readOnly": True}, "plain": {"$ref": "#/components/schemas/A"}}}
    description = described(one_schema({"$ref": "#/components/schemas/User"}, User=user, A=A))
    assert sorted(description.schemas) == ["A", "User.in", "User.out"]
