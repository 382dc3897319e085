"""scope: tokens of RFC 6749 §3.3, all of which are asked for beside those of the description."""

import pytest


def test_one_or_several(api):
    rules = [{"operations": ["a"], "scope": "orders:read"}, {"operations": ["b"], "scope": ["a", "b"]}]
    assert [rule.scope for rule in api(authorize=rules).authorize] == [["orders:read"], ["a", "b"]]


@pytest.mark.parametrize("scope", ["orders read", 'a"b', "a\\b", "é", ["a", ""]])
def test_a_scope_is_one_token(refused, scope):
    assert len(refused(authorize=[{"operations": ["a"], "scope": scope}])) == 1


def test_without_the_scope_it_is_forbidden(reasons):
    assert {(each["status"], each["public"]) for each in reasons("scope").values()} == {(403, "forbidden")}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("scope", "request")
