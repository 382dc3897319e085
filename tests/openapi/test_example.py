"""Benign requests are the same every time, fit what the description says, and are written as its styles say."""

import datetime
import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.openapi.description import Parameter
from yett.openapi.example import Examples, NoExampleError
from yett.openapi.sample import NoSampleError, Sampler
from yett.openapi.serialize import can_be_text, in_cookies, in_header, in_path, in_query
from yett.openapi.texts import Texts

INFO = {"title": "t", "version": "1"}


@pytest.fixture
def examples(described, accepts):
    """The examples of a description, judged by two validators."""

    def build(main, seed=0):
        description = described(main)
        return description, Examples(description, lambda place, value: accepts(description, place, value), seed)

    return build


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 12},
        {"type": "string", "maxLength": 2},
        {"type": "string", "maxLength": 0},
        {"type": "string", "pattern": "^tunnel_[a-z0-9]{32}$"},
        {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$", "minLength": 9},
        {"type": "string", "pattern": "^(?:a|b)+$", "maxLength": 1},
        *(
            {"type": "string", "format": name}
            for name in ("date", "date-time", "time", "uuid", "email", "ipv4", "ipv6", "uri")
        ),
        {"type": "string", "format": "duration"},
        {"type": "integer", "minimum": 5},
        {"type": "integer", "exclusiveMinimum": 5, "maximum": 6},
        {"type": "integer", "maximum": -5},
        {"type": "integer", "multipleOf": 7, "minimum": 1},
        {"type": "integer", "format": "int32", "minimum": 2**31 - 1},
        {"type": "number", "minimum": 0.1, "maximum": 0.2},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "boolean"},
        {"type": "null"},
        {"enum": [None, "b"]},
        {"const": {"a": [1]}},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2},
        {"type": "array", "contains": {"const": 7}},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 1},
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}, "required": ["a"]},
        {
            "allOf": [{"required": ["a"]}, {"properties": {"a": {"minimum": 3, "type": "integer"}}}],
            "properties": {"a": {"maximum": 3}},
        },
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 100}]},
        {"anyOf": [{"type": "null"}, {"type": "object", "required": ["x"], "properties": {"x": {}}}]},
        {"type": "object", "properties": {"id": {"readOnly": True}, "name": {}}, "required": ["id", "name"]},
        {"$ref": "#/components/schemas/Node"},
        {},
        True,
    ],
)
def test_values_fit_and_are_the_same_every_time(examples, schema):
    content = {"application/json": {"schema": schema}}
    node = {
        "type": "object",
        "properties": {
            "next": {"$ref": "#/components/schemas/Node"},
            "all": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    main = {
        "openapi": "3.1.0",
        "info": INFO,
        "paths": {
            "/a": {
                "post": {
                    "requestBody": {"content": content},
                    "responses": {"200": {"description": "", "content": content}},
                }
            }
        },
        "components": {"schemas": {"Node": node}},
    }
    description, first = examples(main)
    (operation,) = description.operations
    request = first.request(operation)
    assert request.body is not None
    assert json.loads(request.body) == request.json
    assert examples(main)[1].request(operation) == request
    first.reply(operation)


def body(schema, **media):
    content = {"application/json": {"schema": schema, **media}}
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "paths": {"/a": {"post": {"requestBody": {"content": content}, "responses": {"200": {"description": ""}}}}},
    }


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        (body({"type": "string"}, example="given"), "given"),
        (body({"type": "string"}, examples={"bad": {"value": 1}, "good": {"value": "named"}}), "named"),
        (body({"type": "string", "example": "of the schema"}), "of the schema"),
        (body({"type": "string", "examples": ["first", "second"]}), "first"),
        (body({"type": "string", "default": "standard"}), "standard"),
        (body({"type": "object", "properties": {"a": {"type": "string", "example": "inner"}}}), {"a": "inner"}),
        (body({"type": "integer", "example": "wrong", "minimum": 4}), 4),
    ],
)
def test_the_descriptions_own_examples_come_first_if_they_fit(examples, main, expected):
    description, made = examples(main)
    assert made.request(description.operations[0]).json == expected


def test_examples_do_not_reach_the_engine(described):
    description = described(body({"type": "object", "properties": {"examples": {"type": "string", "example": "x"}}}))
    assert description.schemas == {
        "POST_a.body": {
            "type": "object",
            "properties": {"examples": {"type": "string"}},
            "additionalProperties": False,
        }
    }


@pytest.mark.parametrize(
    "schema", [False, {"type": "integer", "minimum": 2, "maximum": 1}, {"allOf": [{"const": 1}, {"const": 2}]}]
)
def test_what_cannot_be_made_is_said(examples, schema):
    description, made = examples(body(schema))
    with pytest.raises(
        NoExampleError, match=r"POST /a, body: no value that fits .* could be made; give one under `prove:`"
    ):
        made.request(description.operations[0])


def test_another_seed_makes_other_values(examples):
    main = body({"type": "string", "minLength": 20})
    description, made = examples(main)
    assert made.request(description.operations[0]) != examples(main, seed=1)[1].request(description.operations[0])


def test_a_whole_request(examples):
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": 7},
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}, "example": "a b/c"},
        {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}, "example": ["x&y", "z"]},
        {"name": "X-One", "in": "header", "schema": {"type": "integer"}, "example": 3},
        {"name": "sid", "in": "cookie", "schema": {"type": "string"}, "example": "abc"},
        {"name": "no", "in": "query", "schema": False},
    ]
    main = body({"type": "string"}, example="ä")
    main["paths"] = {"/a/{id}-{name}": {"post": {**main["paths"]["/a"]["post"], "parameters": parameters}}}
    description, made = examples(main)
    request = made.request(description.operations[0])
    assert request.target == "/a/7-a%20b%2Fc?q=x%26y&q=z"
    assert request.headers == (("X-One", "3"), ("Cookie", "sid=abc"), ("Content-Type", "application/json"))
    assert request.body == '"ä"'.encode()
    assert made.request(description.operations[0], optional=False).target == "/a/7-a%20b%2Fc"


def test_a_required_parameter_that_cannot_be_made(examples):
    main = body({})
    main["paths"]["/a"]["post"]["parameters"] = [{"name": "no", "in": "query", "required": True, "schema": False}]
    description, made = examples(main)
    with pytest.raises(NoExampleError, match="query no"):
        made.request(description.operations[0])


def parameter(location, style, explode):
    return Parameter(location, "p", True, style, explode, Texts([], [], {}, [], {}, []), "")


SCALAR, ARRAY, OBJECT = "a b", ["x", "y,z"], {"k": 1, "l": True}


@pytest.mark.parametrize(
    ("style", "explode", "scalar", "array", "members"),
    [
        ("simple", False, "a%20b", "x,y%2Cz", "k,1,l,true"),
        ("simple", True, "a%20b", "x,y%2Cz", "k=1,l=true"),
        ("label", False, ".a%20b", ".x,y%2Cz", ".k,1,l,true"),
        ("label", True, ".a%20b", ".x.y%2Cz", ".k=1.l=true"),
        ("matrix", False, ";p=a%20b", ";p=x,y%2Cz", ";p=k,1,l,true"),
        ("matrix", True, ";p=a%20b", ";p=x;p=y%2Cz", ";k=1;l=true"),
        ("json", False, "%22a%20b%22", "%5B%22x%22%2C%20%22y%2Cz%22%5D", "%7B%22k%22%3A%201%2C%20%22l%22%3A%20true%7D"),
    ],
)
def test_styles_in_paths(style, explode, scalar, array, members):
    found = [in_path(parameter("path", style, explode), value) for value in (SCALAR, ARRAY, OBJECT)]
    assert found == [scalar, array, members]


@pytest.mark.parametrize(
    ("style", "explode", "array", "members"),
    [
        ("form", True, "p=x&p=y%2Cz", "k=1&l=true"),
        ("form", False, "p=x,y%2Cz", "p=k,1,l,true"),
        ("spaceDelimited", False, "p=x%20y%2Cz", "p=k%201%20l%20true"),
        ("pipeDelimited", False, "p=x%7Cy%2Cz", "p=k%7C1%7Cl%7Ctrue"),
        ("deepObject", True, "p=x&p=y%2Cz", "p%5Bk%5D=1&p%5Bl%5D=true"),
    ],
)
def test_styles_in_queries(style, explode, array, members):
    pairs = [in_query(parameter("query", style, explode), value) for value in (ARRAY, OBJECT)]
    assert ["&".join(f"{name}={value}" for name, value in each) for each in pairs] == [array, members]


def test_styles_in_headers_and_cookies():
    assert in_header(parameter("header", "simple", False), ARRAY) == "x,y,z"
    assert in_header(parameter("header", "simple", True), OBJECT) == "k=1,l=true"
    assert in_cookies(parameter("cookie", "form", False), OBJECT) == ["p=k,1,l,true"]
    assert in_cookies(parameter("cookie", "form", True), OBJECT) == ["p=k=1,l=true"]
    assert in_cookies(parameter("cookie", "form", True), ARRAY) == ["p=x", "p=y,z"]
    assert in_cookies(parameter("cookie", "form", False), SCALAR) == ["p=a b"]
    assert in_header(parameter("header", "json", False), OBJECT) == '{"k": 1, "l": true}'


def test_the_name_of_a_list_in_an_object_is_repeated():
    assert in_query(parameter("query", "form", True), {"a": [1, "x"], "b": 2}) == [("a", "1"), ("a", "x"), ("b", "2")]
    assert in_query(parameter("query", "deepObject", True), {"a": [1, 2]}) == [("p%5Ba%5D", "1"), ("p%5Ba%5D", "2")]


@pytest.mark.parametrize("explode", [True, False])
def test_an_empty_list_has_no_text(explode):
    assert in_query(parameter("query", "form", explode), []) == []
    assert in_cookies(parameter("cookie", "form", explode), []) == []
    assert in_query(parameter("query", "json", explode), []) == [("p", "%5B%5D")]
    assert in_cookies(parameter("cookie", "json", explode), []) == ["p=[]"]


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ("simple", [[1]], False),
        ("form", {"a": {}}, False),
        ("form", {"a": [1, "x"]}, True),
        ("deepObject", {"a": [1, "x"]}, True),
        ("deepObject", {"a": [[1]]}, False),
        ("spaceDelimited", {"a": [1]}, False),
        ("json", [[1]], True),
        ("form", [1, "a"], True),
        ("form", 1, True),
    ],
)
def test_what_has_no_text(style, value, text):
    assert can_be_text(parameter("query", style, True), value) is text


def test_a_parameter_without_text_is_left_out_or_said(examples):
    nested = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}, "minItems": 1}
    main = body({})
    post = main["paths"]["/a"]["post"]
    post["parameters"] = [{"name": "q", "in": "query", "schema": nested}]
    description, made = examples(main)
    assert made.request(description.operations[0]).target == "/a"
    post["parameters"][0]["required"] = True
    description, made = examples(main)
    with pytest.raises(NoExampleError, match="POST /a, query q: form has no text for"):
        made.request(description.operations[0])


@given(st.text(max_size=10))
def test_text_in_a_path_stays_one_segment(value):
    written = in_path(parameter("path", "simple", False), value)
    assert "/" not in written
    assert "?" not in written
    assert unquote(written) == value


@pytest.mark.parametrize(
    ("declared", "key", "status"),
    [
        (("200", "default"), "200", 200),
        (("200", "default"), "default", 500),
        (("default",), "default", 200),
        (("200", "500", "4XX", "default"), "default", 501),
        (("200", "2XX"), "2XX", 201),
        (("5XX", "2XX", "default"), "default", 400),
    ],
)
def test_statuses(examples, declared, key, status):
    main = body({})
    content = {"application/json": {"schema": {"type": "string"}}}
    main["paths"]["/a"]["post"]["responses"] = {name: {"description": "", "content": content} for name in declared}
    description, made = examples(main)
    answer = made.reply(description.operations[0], key)
    assert (answer.status, answer.media_type) == (status, "application/json")


def test_the_first_success_is_the_reply(examples):
    main = body({})
    replies = {"404": {"description": ""}, "204": {"description": ""}, "201": {"description": ""}}
    main["paths"]["/a"]["post"]["responses"] = replies
    description, made = examples(main)
    assert made.reply(description.operations[0]).status == 201
    main["paths"]["/a"]["post"]["responses"] = {"404": {"description": ""}}
    description, made = examples(main)
    assert made.reply(description.operations[0]).status == 404


def test_formats_are_what_they_say():
    made = {
        name: Sampler({}, 3, full=True, examples=False).value({"type": "string", "format": name})
        for name in ("date", "date-time")
    }
    assert datetime.date.fromisoformat(made["date"])
    assert datetime.datetime.fromisoformat(made["date-time"]).tzinfo


def test_endless_schemas_end():
    defs = {"Loop": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/Loop"}}}}
    with pytest.raises(NoSampleError):
        Sampler(defs, 0, full=False, examples=False).value({"$ref": "#/$defs/Loop"})
