"""The demo's issuer signs what its published key set verifies, and keeps its private key to itself."""

import json

from joserfc import jwt
from joserfc.jwk import KeySet
from orders.issuer import AUDIENCE, ISSUER, Issuer
from orders.places import HERE


def test_published_keys_verify_what_the_issuer_signs(tmp_path):
    issuer = Issuer.create(tmp_path)
    keys = KeySet.import_key_set(json.loads((tmp_path / "jwks.json").read_text()))
    token = jwt.decode(issuer.token("admin"), keys, algorithms=["RS256"])
    assert token.header["kid"] == keys.keys[0].kid
    assert token.claims["iss"] == ISSUER
    assert token.claims["aud"] == AUDIENCE
    assert token.claims["roles"] == ["admin"]
    assert token.claims["exp"] - token.claims["iat"] == 3600


def test_a_loaded_issuer_is_the_created_one(tmp_path):
    created = Issuer.create(tmp_path)
    loaded = Issuer.load(tmp_path)
    assert loaded.key.kid == created.key.kid
    assert loaded.key.as_pem(private=True) == created.key.as_pem(private=True)


def test_the_private_key_is_not_published_and_not_readable_by_others(tmp_path):
    Issuer.create(tmp_path)
    (published,) = json.loads((tmp_path / "jwks.json").read_text())["keys"]
    assert published.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert (tmp_path / "issuer.pem").stat().st_mode & 0o077 == 0


def test_a_claim_changed_to_none_is_left_out(tmp_path):
    claims = Issuer.create(tmp_path).claims("bob", exp=None, scope="orders:read")
    assert "exp" not in claims
    assert claims["scope"] == "orders:read"


def test_the_committed_key_set_holds_no_private_key():
    (published,) = json.loads((HERE / "jwks.json").read_text())["keys"]
    assert published.keys() == {"kty", "n", "e", "kid", "use", "alg"}
