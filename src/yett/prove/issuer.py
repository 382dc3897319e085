"""The issuer of a proof: mints good and bad tokens by keys that no plan but the proof's knows."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import digest
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

KID = "proof"
Members = Sequence[tuple[str, Any]]


def encoded(octets: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def written(members: Members) -> bytes:
    """An object as JSON, with every member that is given, twice where it is given twice."""
    pairs = (f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members)
    return ("{" + ",".join(pairs) + "}").encode()


@dataclass(frozen=True, slots=True)
class Issuer:
    """Two ES256 keys: `own` is in the key set, `foreign` is an attacker's."""

    own: ec.EllipticCurvePrivateKey
    foreign: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls) -> Issuer:
        """New keys."""
        return cls(ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))

    def key_set(self) -> dict[str, Any]:
        """What is published (RFC 7517)."""
        return {"keys": [{**_public(self.own), "kid": KID, "use": "sig", "alg": "ES256"}]}

    def foreign_jwk(self) -> dict[str, Any]:
        """The attacker's public key."""
        return _public(self.foreign)

    def sign(self, header: Members, claims: Members, signer: str) -> str:
        """A token in compact form; `signer`: own, foreign, none, hmac (the public key as its secret)."""
        signed = f"{encoded(written(header))}.{encoded(written(claims))}"
        return f"{signed}.{encoded(self._signature(signed.encode(), signer))}"

    def _signature(self, signed: bytes, signer: str) -> bytes:
        if signer == "none":
            return b""
        if signer == "hmac":
            secret = self.own.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return digest(secret, signed, "sha256")
        key = self.foreign if signer == "foreign" else self.own
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _public(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    return dict(ECKey.import_key(key.public_key()).as_dict(private=False))
