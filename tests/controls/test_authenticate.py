"""authenticate: each scheme is verified in exactly one way; nothing is public that the plan does not name."""

import pytest

JWT = {"issuer": "https://idp.example.com", "audience": "shop", "jwks": {"file": "jwks.json"}}


def test_a_credential_has_one_method(api, refused):
    assert api(credentials={"bearer": {"jwt": JWT}}).credentials["bearer"].api_key is None
    one_of = ["one of {jwt: …} and {api_key: …}"]
    assert refused(credentials={"bearer": {}}) == one_of
    assert refused(credentials={"bearer": {"jwt": JWT, "api_key": {}}}) == one_of


@pytest.mark.parametrize("method", ["mtls", "basic", "oidc", "introspection", "dpop"])
def test_a_method_that_is_not_built_is_refused_by_name(refused, method):
    expected = "a plan without it: an operation that needs it compiles closed until then"
    assert expected in refused(credentials={"bearer": {method: {}}})


def test_nothing_is_public_by_default(api):
    security = api().security
    assert (security.default, security.public) == (None, [])


def test_every_refusal_looks_alike_from_outside(reasons):
    refusals = [reason for reason in reasons("authenticate").values() if reason["kind"] == "refusal"]
    assert refusals
    assert all(reason["public"] in {"unauthenticated", "forbidden"} for reason in refusals)


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("authenticate", "request")
