"""api_key: a key travels in one header, that of the description or one that the plan names."""

import pytest

from yett.controls.api_key import ApiKey


@pytest.mark.parametrize(
    ("named", "described", "header"),
    [(None, None, "x-api-key"), (None, "X-Shop-Key", "x-shop-key"), ("Key", "X-Shop-Key", "key")],
)
def test_the_header(named, described, header):
    key = ApiKey.model_validate({"header": named} if named else {})
    assert key.plan(described) == {"api_key": {"header": header}}


def test_a_header_has_a_name(refused):
    assert refused(credentials={"key": {"api_key": {"header": "x key"}}}) == ["the name of a header"]


def test_keys_in_queries_and_cookies_are_refused_by_name(refused):
    said = refused(credentials={"key": {"api_key": {"query": "key"}}})
    assert said == ["a plan without it: keys travel in a header until then"]


def test_a_client_never_learns_why(reasons):
    assert {reason["public"] for reason in reasons("api_key").values()} == {"unauthenticated"}
    assert {reason["status"] for reason in reasons("api_key").values()} == {401}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("api_key", "request")
