"""What OpenAPI 3.0 writes is judged as it means it; 3.1 is judged as JSON Schema 2020-12."""

import pytest

PET = {"$ref": "#/components/schemas/Pet"}
CAT = {"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}}
DOG = {"type": "object", "properties": {"kind": {"type": "string"}, "breed": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "value", "old", "new"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1, False, False),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 2, True, True),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": False}, 1, True, True),
        ({"type": "integer", "maximum": 9, "exclusiveMaximum": True}, 9, False, False),
        ({"type": "string", "nullable": True}, None, True, False),
        ({"type": "string", "nullable": False}, None, False, False),
        ({"type": "string", "nullable": True, "enum": ["a"]}, None, True, False),
        ({"nullable": True, "allOf": [{"type": "object"}]}, None, True, False),
        ({"nullable": True, "oneOf": [{"type": "object"}, {"type": "string"}]}, None, True, False),
        ({"nullable": True}, None, True, True),
        ({"type": "integer", "format": "int32"}, 2**31 - 1, True, True),
        ({"type": "integer", "format": "int32"}, 2**31, False, False),
        ({"type": "integer", "format": "int64"}, -(2**63), True, True),
        ({"type": "integer", "format": "int64"}, -(2**63) - 1, False, False),
        ({"type": "integer", "format": "int32", "minimum": 5}, 4, False, False),
        ({"type": "integer", "format": "int32", "exclusiveMinimum": -(2**40)}, -(2**31) - 1, None, False),
        ({"type": "integer", "format": "int32", "exclusiveMinimum": -(2**40)}, -(2**31), None, True),
        ({"type": "integer", "format": "int32", "exclusiveMaximum": 2**40}, 2**31, None, False),
        ({"type": "integer", "format": "int64", "exclusiveMaximum": 2**63}, 2**63 - 1, None, True),
        ({"type": "integer", "format": "int64", "exclusiveMaximum": 2**70}, 2**63, None, False),
        (
            {"type": "integer", "format": "int32", "maximum": 2**40, "exclusiveMaximum": True},
            2**31,
            False,
            False,
        ),
        ({"type": "string", "format": "idn-email"}, "not one", True, True),  # an annotation: the engine has no IDNA
        ({"type": "string", "format": "uuid"}, "not one", False, False),
        ({"type": "string", "format": "date"}, "2024-02-30", False, False),
        ({"type": "string", "format": "password"}, "anything", True, True),
        ({"type": "string", "format": "binary"}, "anything", True, True),
        ({"type": "number", "format": "double"}, 1.5, True, True),
        ({"type": "string", "pattern": r"^\d+$"}, "12", True, True),
        ({"type": "string", "pattern": r"^\d+$"}, "\u0661", False, False),  # an Arabic digit is no digit of ECMA-262
        ({"type": "string", "pattern": "^{[0-9]}$"}, "{1}", True, True),
    ],
)
def test_both_versions(admits, schema, value, old, new):
    if old is not None:  # none: 3.0 does not write it
        assert admits(schema, value, "3.0.3") is old
    assert admits(schema, value, "3.1.0") is new


def test_nothing_counts_beside_a_reference_in_3_0(admits):
    schema = {"$ref": "#/components/schemas/Text", "maxLength": 1}
    assert admits(schema, "long", "3.0.3", Text={"type": "string"})
    assert not admits(schema, "long", "3.1.0", Text={"type": "string"})


def test_nullable_objects_stay_closed(admits):
    schema = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/A"}]}
    a = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert admits(schema, None, "3.0.3", A=a)
    assert admits(schema, {"a": "x"}, "3.0.3", A=a)
    assert not admits(schema, {"extra": 1}, "3.0.3", A=a)


@pytest.mark.parametrize("union", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("value", "implicit", "mapped"),
    [
        ({"kind": "Cat", "lives": 9}, True, False),
        ({"kind": "cat", "lives": 9}, False, True),
        ({"kind": "Dog", "lives": 9}, False, False),
        ({"kind": "dog", "lives": 9}, False, False),
        ({"kind": "Cat"}, True, False),
        ({"kind": "cow"}, False, False),
        ({"lives": 9}, False, False),
        ({"kind": "Dog", "breed": "x"}, True, True),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_the_discriminator_decides(admits, union, value, implicit, mapped, version):
    branches = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
    schema = {union: branches, "discriminator": {"propertyName": "kind"}}
    assert admits(schema, value, version, Cat=CAT, Dog=DOG) is implicit
    named = {union: branches, "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat"}}}
    assert admits(named, value, version, Cat=CAT, Dog=DOG) is mapped
    pointed = {
        union: branches,
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
    }
    assert admits(pointed, value, version, Cat=CAT, Dog=DOG) is mapped


def test_constants_of_the_branches_decide_where_there_is_no_mapping(admits):
    branches = [
        {"type": "object", "properties": {"kind": {"enum": [kind]}, "text": {"type": "string"}}}
        for kind in ("first", "second")
    ]
    names = ("Alpha", "Beta")
    schema = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names],
        "discriminator": {"propertyName": "kind"},
    }
    schemas = dict(zip(names, branches, strict=True))
    assert admits(schema, {"kind": "first", "text": "x"}, **schemas)
    assert not admits(schema, {"kind": "Alpha", "text": "x"}, **schemas)
    assert not admits(schema, {"text": "x"}, **schemas)


@pytest.mark.parametrize(
    ("value", "admitted"),
    [
        ({"kind": "Cat", "name": "x", "lives": 9}, True),
        ({"kind": "Cat", "name": "x", "breed": "b"}, False),
        ({"kind": "dog", "name": "x", "breed": "b"}, True),
        ({"kind": "Dog", "name": "x", "breed": "b"}, False),
        ({"kind": "Puppy", "name": "x", "breed": "b", "age": 1}, True),
        ({"kind": "dog", "name": "x", "breed": "b", "age": 1}, False),
        ({"kind": "Pet", "name": "x"}, True),
        ({"kind": "Pet", "name": "x", "lives": 9}, False),
        ({"kind": "Cow", "name": "x"}, False),
        ({"kind": "Cat"}, False),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_those_who_inherit_are_branches_of_their_parent(admits, value, admitted, version):
    schemas = {
        "Pet": {
            "type": "object",
            "required": ["kind", "name"],
            "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog"}},
        },
        "Cat": {"allOf": [PET, {"type": "object", "properties": {"lives": {"type": "integer"}, "friend": PET}}]},
        "Dog": {"allOf": [PET, {"type": "object", "properties": {"breed": {"type": "string"}}}]},
        "Puppy": {"allOf": [{"$ref": "#/components/schemas/Dog"}, {"properties": {"age": {"type": "integer"}}}]},
    }
    assert admits(PET, value, version, **schemas) is admitted
    if value.get("kind") == "Cat" and "lives" in value:
        assert admits(PET, {**value, "friend": {"kind": "dog", "name": "y", "breed": "b"}}, version, **schemas)
        assert not admits(PET, {**value, "friend": {"kind": "dog", "name": "y", "lives": 1}}, version, **schemas)


def test_a_named_heir_is_itself(admits):
    schemas = {
        "Pet": {"properties": {"kind": {"type": "string"}}, "discriminator": {"propertyName": "kind"}},
        "Cat": {"allOf": [PET, {"properties": {"lives": {"type": "integer"}}}]},
    }
    assert admits({"$ref": "#/components/schemas/Cat"}, {"kind": "Cat", "lives": 9}, **schemas)
    assert not admits({"$ref": "#/components/schemas/Cat"}, {"kind": "Cat", "extra": 9}, **schemas)
    assert not admits({"$ref": "#/components/schemas/Cat"}, {"kind": "Dog", "lives": 9}, **schemas)
    assert not admits({"$ref": "#/components/schemas/Cat"}, {"lives": 9}, **schemas)
    union = {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]}
    schemas["Dog"] = {"allOf": [PET, {"properties": {"breed": {"type": "string"}}}]}
    assert admits(union, {"kind": "Dog", "breed": "x"}, **schemas)
    assert not admits(union, {"kind": "Dog", "lives": 9}, **schemas)
