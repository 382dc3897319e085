"""Credentials from the environment, for a gateway that runs: real ones, and forgeries that need no key."""

from __future__ import annotations

import json
import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yett.prove.cases import Change
from yett.prove.credential import Credential, ShownKey, Token
from yett.prove.message import Message
from yett.prove.site import NoPlaceError

PREFIX = "YETT_PROVE_"
_KEYS_ONLY = (
    "it needs a token or key that only its issuer or the store can make: `yett prove` without --live makes its own"
)
# What a token can be changed in before its signature is looked at, or without one that holds.
FORGEABLE = {
    "token.signer",
    "token.brings",
    "token.broken",
    "token.padded",
    "token.repeat",
    "token.long",
    "token.header",
    "key.text",
    "key.long",
    "key.repeat",
    "credential.none",
}
_UNDERSTOOD_FIRST = {"crit", "b64", "zip"}


def variable(scheme: str) -> str:
    """The environment variable that holds the credential of a scheme."""
    return f"{PREFIX}{re.sub('[^A-Z0-9]', '_', scheme.upper())}"


def show_real(message: Message, changes: Sequence[Change]) -> None:
    """Put the environment's credentials in place of the proof's, changed alike. Raises `NoPlaceError`."""
    for change in changes:
        group = change.verb.partition(".")[0]
        if group in ("token", "key", "scopes", "roles") and change.verb not in FORGEABLE:
            raise NoPlaceError(_KEYS_ONLY)
        if change.verb == "token.header" and not set(change.argument) <= _UNDERSTOOD_FIRST:
            raise NoPlaceError(_KEYS_ONLY)
        if (change.verb, change.argument) == ("token.signer", "hmac"):
            raise NoPlaceError("it needs the issuer's public key: `yett prove` without --live uses its own")
    message.shown = [_real(credential) for credential in message.shown]


def _real(credential: Credential) -> Credential:
    if isinstance(credential, ShownKey) and credential.text is not None:
        return credential
    text = os.environ.get(variable(credential.scheme))
    if text is None:
        raise NoPlaceError(f"set {variable(credential.scheme)} to a token or key of {credential.scheme}")
    if isinstance(credential, ShownKey):
        return ShownKey(
            credential.scheme, credential.header, credential.store, [], [], text=text, times=credential.times
        )
    return _forged(credential, text)


def _forged(token: Token, text: str) -> Token:
    """The real token with what was changed of the proof's."""
    try:
        header, claims, _ = (part.encode() for part in text.split("."))
        read = [json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4))) for part in (header, claims)]
    except ValueError:
        raise NoPlaceError(f"{variable(token.scheme)} holds no token in compact form") from None
    return _RealToken(
        token.scheme,
        token.jwt,
        token.issuer,
        [],
        [],
        claims=token.claims,
        header=token.header,
        signer=token.signer,
        is_broken=token.is_broken,
        is_padded=token.is_padded,
        times=token.times,
        text=text,
        real_header=read[0],
        real_claims=read[1],
    )


@dataclass
class _RealToken(Token):
    text: str = ""
    real_header: dict[str, Any] | None = None
    real_claims: dict[str, Any] | None = None

    def headers(self, subject: str, now: int) -> list[tuple[str, str]]:
        """The header lines that show it: as it is, where nothing in it was changed."""
        text = self.text
        if self.claims or self.header or self.signer != "own":
            signer = "foreign" if self.signer == "own" else self.signer
            header = list({**(self.real_header or {}), **self.header}.items())
            text = self.issuer.sign(header, list({**(self.real_claims or {}), **self.claims}.items()), signer)
        return self.lines(text)
