"""The proof's world: the plan with the proof's keys, and the benign values that the plan gives."""

import json

import pytest

from yett.policy.check import accept
from yett.policy.findings import PlanError
from yett.prove.message import benign
from yett.prove.world import World

DESCRIPTION = """
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /things/{id}:
    put:
      operationId: putThing
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, pattern: "^[a-f]{8}$"}, example: aaaaaaaa}
        - {name: page, in: query, schema: {type: integer}}
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}
      responses: {"200": {description: it, content: {application/json: {schema: {type: integer}}}}}
"""
PLAN = """
yett: 1
apis:
  things:
    openapi: openapi.yaml
    upstream: {urls: [http://127.0.0.1:9000]}
    security: {public: [putThing]}
    prove:
      %s
"""
GIVEN = "putThing: {path: {id: bbbbbbbb}, query: {page: 7}, body: {a: 8}, reply: 9}"


@pytest.fixture
def world(tmp_path):
    def make(given: str) -> World:
        (tmp_path / "openapi.yaml").write_text(DESCRIPTION)
        (tmp_path / "yett.yaml").write_text(PLAN % given)
        return World(accept(tmp_path / "yett.yaml"))

    return make


@pytest.mark.parametrize(
    "given", [GIVEN, *(GIVEN.replace("putThing", f"'{name}'") for name in ("PUT /things/{id}", "put  /things/{id}"))]
)
def test_given_values_are_taken_first(world, given):
    made = world(given)
    message = benign(made.sites[0], made.issuer, made.store)
    assert (message.path, message.query, message.body) == ("/things/bbbbbbbb", [("page", "7")], b'{"a":8}')
    assert made.sites[0].answer.body == b"9"


def test_a_given_value_that_does_not_fit_is_not_taken(world):
    made = world("putThing: {path: {id: no}}")
    assert benign(made.sites[0], made.issuer, made.store).path == "/things/aaaaaaaa"


def test_an_unknown_operation_is_an_error_at_its_place(world):
    with pytest.raises(PlanError) as error:
        world("setThing: {body: {}}")
    assert (
        "yett.yaml:9:7: found the unknown operation 'setThing', expected one of putThing; did you mean 'putThing'?"
        in str(error.value)
    )


def test_no_source_of_keys_of_the_plan_is_used(everything):
    credentials = json.loads(everything.plan())["apis"][0]["credentials"]
    assert credentials["bearer"]["jwt"]["keys"] == {"given": "shop.bearer"}
    assert b"issuer.example/jwks.json" not in everything.plan()
