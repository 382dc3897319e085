"""Attacks on who the caller is: tokens that a verifier must refuse, and identities that a header claims."""

import base64
import json
import time
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from ..shop.database import ORDER_OF_BOB
from .attack import Attack, Outcome, Stage, expect, judge, served

DAY = 86_400


def read_as_bob(stage: Stage, token: str, effect: str) -> Outcome:
    """Lists orders with `token`; the effect is there when they are bob's."""
    answer = stage.client.get("/orders", headers={"Authorization": f"Bearer {token}"})
    return judge(answer, effect if owned_by_bob(answer) else "")


def owned_by_bob(answer: httpx.Response) -> bool:
    """Whether a list of orders came, and bob is among the owners."""
    return answer.is_success and "bob" in {order["owner"] for order in answer.json()}


def unsigned(stage: Stage) -> Outcome:
    """A token of bob that says `alg: none` and has no signature."""
    parts: list[dict[str, Any]] = [{"alg": "none", "typ": "JWT"}, stage.issuer.claims("bob")]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return read_as_bob(stage, ".".join([*encoded, ""]), "a token without a signature reads bob's orders")


def forged(stage: Stage) -> Outcome:
    """A token of bob, signed with the attacker's key under the issuer's key id."""
    key = RSAKey.generate_key(2048)
    token = jwt.encode(_header(stage, "RS256"), stage.issuer.claims("bob"), key)
    return read_as_bob(stage, token, "a token signed by a stranger reads bob's orders")


def confused(stage: Stage) -> Outcome:
    """A token of bob, signed by HMAC with the issuer's public key as the secret."""
    secret = OctKey.import_key(base64.urlsafe_b64encode(stage.issuer.key.as_pem(private=False)).decode())
    token = jwt.encode(_header(stage, "HS256"), stage.issuer.claims("bob"), secret)
    return read_as_bob(stage, token, "a token signed with the public key reads bob's orders")


def expired(stage: Stage) -> Outcome:
    """A token of bob that was good until yesterday."""
    past = int(time.time()) - DAY
    token = stage.issuer.token("bob", iat=past - 3600, exp=past)
    return read_as_bob(stage, token, "yesterday's token reads bob's orders")


def misdirected(stage: Stage) -> Outcome:
    """A token of bob that the issuer made for another API."""
    return read_as_bob(stage, stage.issuer.token("bob", aud="newsletter"), "a newsletter's token reads bob's orders")


def claimed(stage: Stage) -> Outcome:
    """No token, but a header that says who one is."""
    answer = stage.client.get("/orders", headers={"X-User": "bob"})
    return judge(answer, "X-User: bob reads bob's orders" if owned_by_bob(answer) else "")


def claimed_beside_token(stage: Stage) -> Outcome:
    """Alice's own good token, and a header that says bob."""
    answer = stage.client.get("/orders", headers=stage.bearer("alice") | {"X-User": "bob"})
    return judge(answer, "X-User: bob beside alice's token reads bob's orders" if owned_by_bob(answer) else "")


def keyless(stage: Stage) -> Outcome:
    """A stranger reports the stock of the warehouse."""
    answer = stage.client.put("/items/BK-0001/stock", json={"stock": 0})
    stock = stage.rows("SELECT stock FROM items WHERE sku = 'BK-0001'")[0]["stock"]
    return judge(answer, "a stranger sold the shop out" if stock == 0 else "")


def list_as_bob(stage: Stage) -> None:
    """Bob lists his orders with a good token."""
    answer = served(stage.client.get("/orders", headers=stage.bearer("bob")), 200)
    expect("the list", [order["id"] for order in answer.json()], [ORDER_OF_BOB])


def report_stock(stage: Stage) -> None:
    """The warehouse reports the stock with its key."""
    answer = stage.client.put("/items/BK-0001/stock", json={"stock": 39}, headers={"X-API-Key": stage.api_key})
    served(answer, 200, stock=39)


def _header(stage: Stage, algorithm: str) -> dict[str, str]:
    return {"alg": algorithm, "kid": str(stage.issuer.key.kid), "typ": "JWT"}


TOKENS = (
    ("unsigned", "a token with alg none", unsigned, "authenticate.token.unsigned"),
    ("forged", "a token signed with another key", forged, "authenticate.signature.invalid"),
    ("confused", "a token signed with the public key", confused, "authenticate.algorithm.mismatched"),
    ("expired", "a token of yesterday", expired, "authenticate.token.expired"),
    ("misdirected", "a token for another API", misdirected, "authenticate.audience.mismatched"),
)
MISSING = "authenticate.credential.missing"
ATTACKS = (
    *(Attack(f"token-{name}", shows, "API2", play, list_as_bob, reason) for name, shows, play, reason in TOKENS),
    Attack("identity-header", "a header that says who one is", "API2", claimed, list_as_bob, MISSING),
    Attack(
        "identity-header-beside-token",
        "the same header beside a good token",
        "API2",
        claimed_beside_token,
        list_as_bob,
        later="headers",
    ),
    Attack("no-api-key", "a partner's operation without a key", "API2", keyless, report_stock, MISSING),
)
