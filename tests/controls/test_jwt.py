"""jwt: whose tokens are believed and for whom they are meant must be said; which algorithm is used cannot be."""

import pytest

JWT = {"issuer": "https://idp.example.com", "audience": "shop", "jwks": {"file": "jwks.json"}}


@pytest.fixture
def jwt(api):
    return lambda **keys: api(credentials={"bearer": {"jwt": {**JWT, **keys}}}).credentials["bearer"].jwt


@pytest.fixture
def wrong(refused):
    return lambda **keys: refused(credentials={"bearer": {"jwt": {**JWT, **keys}}})


def test_the_plan_that_comes_of_it(jwt):
    assert jwt(audience=["shop", "web"], role_claim="realm/roles", types=["AT+JWT"]).plan("here") == {
        "jwt": {
            "issuer": "https://idp.example.com",
            "audience": ["shop", "web"],
            "keys": "here",
            "leeway": 30,
            "types": ["at+jwt"],
            "scope_claim": "scope",
            "role_claim": "/realm~1roles",
        }
    }


@pytest.mark.parametrize("key", ["issuer", "audience", "jwks"])
def test_issuer_audience_and_keys_are_needed(refused, key):
    [said] = refused(credentials={"bearer": {"jwt": {name: JWT[name] for name in JWT if name != key}}})
    assert said.startswith(f"the key {key}")


def test_the_algorithm_is_the_keys(wrong):
    [said] = wrong(algorithms=["HS256"])
    assert "the algorithm comes from the key" in said


@pytest.mark.parametrize("leeway", ["1500ms", "6m"])
def test_leeway_is_small_and_whole(wrong, leeway):
    assert wrong(leeway=leeway) == ["whole seconds, at most 5m"]


@pytest.mark.parametrize("jwks", [{}, {"file": "a", "url": "https://a.example/b"}, {"url": "http://a.example/b"}])
def test_keys_come_from_one_place_and_not_in_the_clear(wrong, jwks):
    assert len(wrong(jwks=jwks)) == 1


def test_a_key_set_on_loopback_may_be_plain(jwt):
    assert jwt(jwks={"url": "http://127.0.0.1:9/jwks"}).jwks.url == "http://127.0.0.1:9/jwks"


def test_a_client_never_learns_what_is_wrong_with_its_token(reasons):
    refusals = [reason for reason in reasons("jwt").values() if reason["kind"] == "refusal"]
    assert {reason["public"] for reason in refusals} == {"unauthenticated"}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("jwt", "request")
