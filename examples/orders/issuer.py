"""The demo's token issuer: one RSA key, the key set beside it, and tokens; no HTTP, no key outside its folder."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER = "https://issuer.example"
AUDIENCE = "orders"
SCOPES = {
    "alice": "orders:read orders:write profile",
    "bob": "orders:read orders:write profile",
    "admin": "orders:read orders:write profile users:read users:write",
}
ROLES = {"admin": ["admin"]}


@dataclass(frozen=True)
class Issuer:
    """Signs RS256 tokens for the users of the shop; `key` never leaves the folder that `create` wrote."""

    key: RSAKey

    @classmethod
    def create(cls, folder: Path) -> "Issuer":
        """Makes a key and writes `issuer.pem` (readable by the owner alone) and `jwks.json` into `folder`."""
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        private = folder / "issuer.pem"
        private.touch(mode=0o600)
        private.write_bytes(key.as_pem(private=True))
        keys = KeySet([key]).as_dict(private=False)
        (folder / "jwks.json").write_text(json.dumps(keys, indent=2) + "\n", encoding="utf-8")
        return cls(key)

    @classmethod
    def load(cls, folder: Path) -> "Issuer":
        """Reads what `create` wrote."""
        published = json.loads((folder / "jwks.json").read_text(encoding="utf-8"))["keys"][0]
        parameters = {"kid": published["kid"], "use": "sig", "alg": "RS256"}
        return cls(RSAKey.import_key((folder / "issuer.pem").read_bytes(), parameters))

    def claims(self, user: str, **changes: object) -> dict[str, Any]:
        """The claims of a user's token, good for an hour from now; a change of `None` leaves the claim out."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "iat": now,
            "exp": now + 3600,
            "scope": SCOPES[user],
            "roles": ROLES.get(user, []),
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, user: str, **changes: object) -> str:
        """A signed token for `user`."""
        header = {"alg": "RS256", "kid": str(self.key.kid), "typ": "JWT"}
        return jwt.encode(header, self.claims(user, **changes), self.key)
