"""Changes: each makes of a benign message exactly the attack that it says, or says that it cannot be made here."""

import json
from types import SimpleNamespace

import pytest

from yett.prove.changes import VERBS
from yett.prove.message import Message, benign, with_reply
from yett.prove.site import NoPlaceError


@pytest.fixture
def changed(everything, site):
    """The message of an operation after one change."""

    def change(operation: str, verb: str, argument: object = True) -> Message:
        message = with_reply(benign(site(operation), everything.issuer, everything.store))
        VERBS[verb](message, argument)
        return message

    return change


def target(message: Message) -> str:
    return message.sent(0, "anna", "192.0.2.1").target


@pytest.mark.parametrize(
    ("operation", "verb", "argument", "expected"),
    [
        ("getItem", "path.empty_segment", True, "//v1/items/hammer"),
        ("getItem", "path.encoded_slash", True, "/v1/items%2Fhammer"),
        ("getItem", "path.encoded_twice", True, "/v1/items/hamme%2572"),
        ("getItem", "path.dot_segment", "%2e.", "/x/%2e./v1/items/hammer"),
        ("getItem", "path.text", "%0A", "/v1/items/a%0Ab"),
        ("health", "path.text", "%0A", "/v1/health%0A"),
        ("getRange", "path.split", True, "/v1/ranges/a-a-b"),
        ("getItem", "path.unknown", "debug", "/v1/debug"),
        ("getItem", "target.absolute", "other.example", "http://other.example/v1/items/hammer"),
        ("getItem", "target.set", "*", "*"),
        ("search", "query.text", "%zz", "/search?text=a%zzb"),
        ("search", "query.bare", True, "/search?text"),
        ("search", "query.repeat", True, "/search?text=yett&text=yett"),
        ("search", "query.add", "is_admin=true", "/search?text=yett&is_admin=true"),
        ("search", "parameter.drop", True, "/search"),
        ("deleteUser", "parameter.invalid", True, "/v1/users/not-what-is-described"),
    ],
)
def test_targets(changed, operation, verb, argument, expected):
    assert target(changed(operation, verb, argument)) == expected


@pytest.mark.parametrize(
    ("verb", "argument", "expected"),
    [
        ("body.none", True, None),
        ("body.cut", True, b'{"sku":"BK-0001","quantity":2,"tags":["gift"]'),
        ("body.twice", True, b'{"sku":-1.5e+300,"sku":"BK-0001","quantity":2,"tags":["gift"]}'),
        ("body.splice", '"x":1e400', b'{"x":1e400,"sku":"BK-0001","quantity":2,"tags":["gift"]}'),
        ("body.deep", 3, b'{"nested":[[[]]],"sku":"BK-0001","quantity":2,"tags":["gift"]}'),
        ("body.member", "is_admin", b'{"sku":"BK-0001","quantity":2,"tags":["gift"],"is_admin":true}'),
        ("body.wrong", True, b'{"sku":-1.5e+300,"quantity":2,"tags":["gift"]}'),
    ],
)
def test_bodies(changed, verb, argument, expected):
    assert changed("placeOrder", verb, argument).body == expected


def test_many_values_stand_where_they_are_declared(changed):
    body = json.loads(changed("placeOrder", "body.many").body or b"")
    assert body["tags"] == ["gift"] * (1024 * 1024 // 10 + 1)


def test_replies(changed):
    reply = changed("getItem", "answer.member", "secret").reply
    assert json.loads(reply.body)["secret"] == "secret"
    assert changed("getItem", "answer.status", 299).reply.status == 299
    assert changed("getItem", "answer.header", "Content-Type: text/html").reply.headers == [
        ("Content-Type", "text/html")
    ]


@pytest.mark.parametrize(
    ("operation", "verb"),
    [
        ("start", "path.encoded_slash"),
        ("health", "query.repeat"),
        ("health", "parameter.drop"),
        ("getItem", "path.split"),
        ("getItem", "body.cut"),
        ("getItem", "body.twice"),
        ("deleteUser", "answer.cut"),
        ("deleteUser", "answer.wrong"),
        ("health", "token.broken"),
        ("health", "key.expired"),
        ("search", "answer.member"),
    ],
)
def test_what_an_operation_lacks_is_said(changed, operation, verb):
    with pytest.raises(NoPlaceError):
        changed(operation, verb, "x")


def only_numbers(value: object) -> SimpleNamespace:
    """A message of an API whose one schema is a map of numbers."""

    def conforms(_: object, found: dict[str, object]) -> bool:
        return all(type(each) is int for each in found.values())

    answer = SimpleNamespace(json=value, status=200, media_type="application/json")
    plan = {"replies": {"200": {"content": {"application/json": "#"}}}}
    request = SimpleNamespace(json=value)
    site = SimpleNamespace(answer=answer, request=request, plan=plan, body_schema=lambda: "#", conforms=conforms)
    return SimpleNamespace(site=site, reply=SimpleNamespace(body=b""), body=b"")


@pytest.mark.parametrize("verb", ["body.member", "answer.member"])
def test_a_map_declares_every_name(verb):
    with pytest.raises(NoPlaceError, match="is open: x is not undeclared"):
        VERBS[verb](only_numbers({"a": 1000}), "x")
