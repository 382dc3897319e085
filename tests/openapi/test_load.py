"""Files become trees by JSON and YAML 1.2 alone; whatever is ambiguous is refused with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.openapi.load import Document
from yett.openapi.problem import Problems


def load(text, name="x.yaml"):
    problems = Problems()
    document = Document(name, text if isinstance(text, bytes) else text.encode(), problems)
    return document, [str(problem) for problem in problems.errors]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("2020-01-01", "2020-01-01"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("+1", 1),
        ("1.2.3", "1.2.3"),
        ("~", None),
        ("null", None),
        ("True", True),
        ("tRUE", "tRUE"),
        ("=", "="),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        ("!!float 1", 1),
        ("|-\n  no", "no"),
    ],
)
def test_scalars_by_the_core_schema(text, value):
    document, problems = load(f"key: {text}\n")
    assert problems == []
    assert document.root == {"key": value}
    assert type(document.root["key"]) is type(value)


def test_keys_are_what_was_written():
    assert load("200: {}\nno: {}\n1.0: {}\n")[0].root == {"200": {}, "no": {}, "1.0": {}}


def test_anchors_and_merges():
    text = "base: &base {a: 1, b: 2}\nsame: *base\nmore:\n  <<: *base\n  b: 3\nboth:\n  <<: [{c: 1}, *base]\n"
    root = load(text)[0].root
    assert root["same"] == {"a": 1, "b": 2}
    assert root["more"] == {"a": 1, "b": 3}
    assert root["both"] == {"a": 1, "b": 2, "c": 1}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", "x.yaml:2:1: found the key 'a' again, expected each key once"),
        ("a: .inf", "x.yaml:1:4: found .inf, expected a number that JSON can write"),
        ("a: 1e999", "x.yaml:1:4: found 1e999, expected a number that a 64-bit float can hold"),
        ("a: &a [*a]", "x.yaml:1:8: found the alias *a, expected an anchor that is complete before it"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: found a second document, expected one document in the file"),
        ("", "x.yaml:1:1: found nothing, expected a document"),
        ("? [a]\n: b", "x.yaml:1:3: found a key that is not a scalar, expected a string"),
        ("a: [1", "x.yaml:2:1: found text that is not YAML (did not find expected ',' or ']'), expected YAML 1.2"),
        (
            "a: [GET /b/{c}, d]",
            "x.yaml:1:12: found text that is not YAML (did not find expected ',' or ']'), expected YAML 1.2;"
            " between brackets a text with { stands in quotes: ['GET /items/{id}']",
        ),
        (
            "a:\n\tb: 1",
            "x.yaml:2:1: found a tab at the start of a line, expected spaces: YAML is not indented by tabs",
        ),
        ("a: !!python/name:os.system x", "with the tag tag:yaml.org,2002:python/name:os.system"),
        (
            "a: !!set {b}",
            "x.yaml:1:4: found the tag tag:yaml.org,2002:set, expected a plain map of the YAML 1.2 core schema",
        ),
        ("<<: 1", "x.yaml:1:5: found a merge of something else, expected `<<` with an object or a list of objects"),
        ("[" * 300 + "]" * 300, "x.yaml:1:202: found nesting deeper than 200, expected a shallower document"),
        (BOMB, "found aliases that expand to over 1000000 nodes, expected a smaller document"),
        (b"\xff\xff", "expected YAML 1.2 in UTF-8"),
    ],
)
def test_refused_yaml(text, problem):
    document, problems = load(text)
    assert document.root is None
    assert len(problems) == 1
    assert problem in problems[0]


def test_every_duplicate_is_told():
    _, problems = load("a: 1\na: 2\nb: {c: 1, c: 2}\n")
    assert [line.split(": ")[0] for line in problems] == ["x.yaml:2:1", "x.yaml:3:11"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n "b": {"a": 1, "a": 2}}', "x.json:2:16: found the key 'a' again, expected each key once"),
        ('{"NaN": 1,\n "a": NaN}', "x.json:2:7: found NaN, expected a number that JSON can write"),
        ('{"a": -Infinity}', "x.json:1:7: found -Infinity, expected a number that JSON can write"),
        ('{"a": 1e999}', "x.json:1:7: found 1e999, expected a number that a 64-bit float can hold"),
        (
            '{"a": "\\ud800"}',
            "x.json:1:1: found half a surrogate pair in a string, expected strings of Unicode characters",
        ),
        ('{"a":\n}', "x.json:2:1: found text that is not JSON (Expecting value), expected JSON (RFC 8259)"),
        (b'{"a":\n "\xff"}', "x.json:2:3: found bytes that are not UTF-8, expected JSON in UTF-8"),
        (
            '{"a": ' + "1" * 5000 + "}",
            f"x.json:1:7: found {'1' * 59}…, expected a number of at most 400 digits",
        ),
        (
            '{"a": 1, "a": ' + "[" * 900 + "]" * 900 + "}",
            "x.json:1:1: found nesting deeper than 200, expected a shallower document",
        ),
        ("[" * 300 + "]" * 300, "x.json:1:1: found nesting deeper than 200, expected a shallower document"),
        ("[" * 200_000, "x.json:1:1: found nesting deeper than 200, expected a shallower document"),
    ],
)
def test_refused_json(text, problem):
    document, problems = load(text, "x.json")
    assert document.root is None
    assert problems == [problem]


def test_too_many_bytes():
    document, problems = load(b" " * (32 * 1024 * 1024 + 1))
    assert document.root is None
    assert problems == ["x.yaml:1:1: found 33554433 bytes, expected at most 33554432"]


@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_places(name):
    text = '{\n  "a": [1,\n    {"b": "\\u00e4"}],\n  "x/~": true\n}'
    document, problems = load(text, name)
    assert problems == []
    assert str(document.place(("a",), key=True)) == f"{name}:2:3"
    assert str(document.place(("a",))) == f"{name}:2:8"
    assert str(document.place(("a", "1", "b"))) == f"{name}:3:11"
    assert str(document.place(("a", "1", "missing", "x"))) == f"{name}:3:5"
    assert document.place(("x/~",)).pointer == "/x~1~0"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 2]))
def test_json_is_read_as_json_and_every_place_is_found(value, indent):
    document, problems = load(json.dumps(value, indent=indent), "x.json")
    assert problems == []
    assert document.root == value

    def walk(here, pointer):
        place = document.place(pointer)
        lines = json.dumps(value, indent=indent).split("\n")
        text = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        found, _ = json.JSONDecoder().raw_decode(text)
        assert found == here
        members = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        for name, below in members:
            walk(below, (*pointer, str(name)))

    walk(value, ())
