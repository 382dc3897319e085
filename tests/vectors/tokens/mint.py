"""Mints the tokens of the vectors: claims.toml and keys.toml → tokens.toml. Run once for a new token; no test runs it.

`python -m tests.vectors.tokens.mint` keeps the text of every token whose signed part has not changed, because ES256 and
PS256 sign differently each time.
"""

import base64
import hashlib
import hmac
import json
import tomllib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

FOLDER = Path(__file__).parent
NOW = 1_767_268_800  # 2026-01-01T12:00:00Z, the time at which every vector begins
TIMES = ("exp", "nbf", "iat")


def load(name: str) -> dict[str, Any]:
    """A TOML file of this folder."""
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


def encode(part: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def compact(members: dict[str, Any]) -> str:
    """JSON without blanks."""
    return json.dumps(members, separators=(",", ":"))


def merged(defaults: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The defaults with the changes; `"-"` leaves a member out."""
    return {name: value for name, value in (defaults | changes).items() if value != "-"}


def signing_input(described: dict[str, Any], defaults: dict[str, Any]) -> str:
    """The first two parts: of `header` and `claims`, or of the very texts in `raw_header` and `raw_claims`."""
    header = merged({"alg": ALGORITHMS[described.get("key", "ed")], **defaults["header"]}, described.get("header", {}))
    claims = merged(defaults["claims"], described.get("claims", {}))
    for name in TIMES:
        if isinstance(claims.get(name), int | float) and abs(claims[name]) < 1e9:
            claims[name] += NOW
    parts = (
        described.get("raw_header", compact(merged({"kid": described.get("key", "ed")}, header))),
        described.get("raw_claims", compact(claims)),
    )
    return ".".join(encode(part.encode()) for part in parts)


ALGORITHMS = {"ed": "EdDSA", "rsa": "RS256", "pss": "PS256", "ec": "ES256", "stranger": "EdDSA"}


def sign(key: Any, name: str, text: bytes) -> bytes:
    """A signature as RFC 7518 and RFC 8037 write it."""
    if name in ("ed", "stranger"):
        return key.sign(text)
    if name == "ec":
        numbers = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in numbers)
    if name == "pss":
        return key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def signature(described: dict[str, Any], text: str, keys: dict[str, Any]) -> str:
    """The third part, as `signature` asks: a true one, none, a broken one, or an HMAC by the public key's PEM."""
    name = described.get("key", "ed")
    private = serialization.load_pem_private_key(keys[name].encode(), None)
    kind = described.get("signature", "true")
    if kind == "none":
        return ""
    if kind == "hmac":
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return encode(hmac.new(public, text.encode(), hashlib.sha256).digest())
    made = bytearray(sign(private, name, text.encode()))
    if kind == "broken":
        made[0] ^= 1
    return encode(bytes(made)) + ("==" if kind == "padded" else "")


def main() -> None:
    """Writes tokens.toml."""
    claims, keys = load("claims.toml"), load("keys.toml")
    defaults = claims.pop("defaults")
    path = FOLDER / "tokens.toml"
    known = load("tokens.toml") if path.exists() else {}
    lines = ["# Minted by mint.py out of claims.toml; each text is `header.claims.signature`."]
    for name, described in claims.items():
        text = signing_input(described, defaults)
        kept = known.get(name, "")
        if kept.rpartition(".")[0] != text:
            kept = text if described.get("signature") == "absent" else f"{text}.{signature(described, text, keys)}"
        lines.append(f'{name} = "{kept}{described.get("behind", "")}"')
    path.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
