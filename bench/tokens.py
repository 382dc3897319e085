"""The issuer of the bench: one RSA key as JWKS and PEM, and the tokens that pass or must not."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER = "https://issuer.bench.example"
AUDIENCE = "shop"
ROLE = "reader"


@dataclass(frozen=True)
class Issuer:
    """Where the public key lies, for those who read JWKS and those who read PEM, and the tokens by name."""

    jwks: Path
    pem: Path
    tokens: dict[str, str]


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "roles": [ROLE], "iat": now, "exp": now + 86_400}
    return {**usual, **changed}


def issue(folder: Path) -> Issuer:
    """A new key in the folder, and a token for each thing that is asked."""
    key = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig", "alg": "RS256"}, private=True)
    other = RSAKey.generate_key(2048, {"kid": "bench"}, private=True)
    header = {"alg": "RS256", "typ": "JWT", "kid": "bench"}
    jwks, pem = folder / "jwks.json", folder / "issuer.pem"
    jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    pem.write_bytes(key.as_pem(private=False))
    tokens = {
        "reader": jwt.encode(header, claims(), key),
        "forged": jwt.encode(header, claims(), other),
        "expired": jwt.encode(header, claims(exp=int(time.time()) - 3600), key),
        "audience": jwt.encode(header, claims(aud="elsewhere"), key),
        "stranger": jwt.encode(header, claims(roles=["nobody"]), key),
    }
    return Issuer(jwks, pem, tokens)
