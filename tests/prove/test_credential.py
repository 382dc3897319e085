"""The proof's tokens and keys: what is benign is accepted by another library, and each change is the one it says."""

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import KeySet

from yett.prove.credential import KeyStore, ShownKey, Token
from yett.prove.issuer import Issuer

NOW = 1_900_000_000
PLAN = {
    "issuer": "https://i.example",
    "audience": ["shop"],
    "types": [],
    "scope_claim": "scope",
    "role_claim": "/a/b~1c",
}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer.create()


@pytest.fixture
def token(issuer) -> Token:
    return Token("bearer", PLAN, issuer, ["read", "write"], ["admin"])


def read(token: Token) -> jwt.Token:
    (_, value), *_ = token.headers("anna", NOW)
    return jwt.decode(value.removeprefix("Bearer "), KeySet.import_key_set(token.issuer.key_set()), ["ES256"])


def test_a_benign_token(token):
    found = read(token)
    assert found.header == {"alg": "ES256", "kid": "proof", "typ": "JWT"}
    assert found.claims == {
        "iss": "https://i.example",
        "aud": "shop",
        "sub": "anna",
        "iat": NOW,
        "exp": NOW + 600,
        "scope": "read write",
        "a": {"b/c": ["admin"]},
    }


def test_times_are_relative_and_none_leaves_out(token):
    token.claims = {"exp": -3600, "nbf": 60, "iat": None, "scope": 7}
    claims = read(token).claims
    assert (claims["exp"], claims["nbf"], claims["scope"]) == (NOW - 3600, NOW + 60, 7)
    assert "iat" not in claims


@pytest.mark.parametrize("change", [{"signer": "foreign"}, {"is_broken": True}])
def test_signatures_that_do_not_hold(token, change):
    for name, value in change.items():
        setattr(token, name, value)
    with pytest.raises(BadSignatureError):
        read(token)


@pytest.mark.parametrize("signer", ["none", "hmac"])
def test_algorithms_of_an_attacker(token, signer):
    token.signer, token.header = signer, {"alg": {"none": "none", "hmac": "HS256"}[signer]}
    with pytest.raises(JoseError):
        read(token)


def test_a_store_knows_each_key_once():
    store, learned = KeyStore(), []
    store.learn.append(learned.append)
    shown = ShownKey("key", "x-key", store, ["read"], [])
    assert shown.headers("anna", NOW) == shown.headers("anna", NOW) == [("x-key", "proof-00000000")]
    shown.is_expired = True
    assert shown.headers("anna", NOW) == [("x-key", "proof-00000001")]
    assert [(record.subject, record.expires) for record in learned] == [("anna", None), ("anna", NOW - 1)]
    shown.text, shown.times = "other", 2
    assert shown.headers("anna", NOW) == [("x-key", "other")] * 2
    assert len(store.rows(b"pepper")) == 2
