"""The published schema and page are those of the models, and the schema takes the plans that the models take."""

import json

import jsonschema_rs
import pytest
import yaml

from yett.policy.reference import page
from yett.policy.schema import plan_schema


def test_the_published_schema_is_the_models(root):
    published = json.loads((root / "docs/yett.schema.json").read_text("utf-8"))
    assert published == plan_schema(), "run `yett schema > docs/yett.schema.json`"


def test_the_page_is_the_models(root):
    assert (root / "docs/plan.md").read_text("utf-8") == page(), "run `python -m yett.policy.reference > docs/plan.md`"


@pytest.fixture(scope="module")
def schema():
    return jsonschema_rs.validator_for(plan_schema())


def test_the_schema_takes_the_example(root, schema):
    plan = yaml.safe_load((root / "examples/orders/yett.yaml").read_text("utf-8"))
    assert [str(error) for error in schema.iter_errors(plan)] == []


MINIMAL = {"openapi": "a.yaml", "upstream": {"urls": ["http://127.0.0.1:9000"]}}


@pytest.mark.parametrize(
    ("changed", "valid"),
    [
        ({}, True),
        ({"limit": "none"}, True),
        ({"limit": "off"}, False),
        ({"limit": [{"by": "address", "allow": "60/minute"}]}, True),
        ({"limit": [{"by": "address", "allow": "60"}]}, False),
        ({"credentials": {"a": {"mtls": {}}}}, False),
        ({"match": {"host": ["a.example"], "base": "/v1"}}, True),
        ({"upstream": {"urls": ["https://a"]}}, False),
        ({"validate": {"body": "1MiB"}}, True),
        ({"validate": {"body": "1MB"}}, False),
        ({"lmit": "none"}, False),
    ],
)
def test_the_schema_agrees_with_the_models(schema, changed, valid):
    plan = {"yett": 1, "evidence": ["stdout", {"file": "e.jsonl"}], "apis": {"a": MINIMAL | changed}}
    assert schema.is_valid(plan) is valid
