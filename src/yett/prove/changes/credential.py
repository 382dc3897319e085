"""Changes of what a message shows: tokens and API keys that are forged, stale, meant for others, or missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.prove.credential import ShownKey, Token
from yett.prove.message import Message
from yett.prove.site import NoPlaceError


def _token(message: Message) -> Token:
    if not message.tokens():
        raise NoPlaceError("no token is shown")
    return message.tokens()[0]


def _key(message: Message) -> ShownKey:
    if not message.keys():
        raise NoPlaceError("no API key is shown")
    return message.keys()[0]


def credential_none(message: Message, _: object) -> None:
    """A stranger."""
    message.shown = []


def scopes_none(message: Message, _: object) -> None:
    """Credentials without any scope."""
    for credential in message.shown:
        credential.scopes = []


def roles_none(message: Message, _: object) -> None:
    """Credentials without any role."""
    for credential in message.shown:
        credential.roles = []


def token_claims(message: Message, claims: dict[str, Any]) -> None:
    """Other claims; numbers are seconds from now for exp, nbf and iat."""
    _token(message).claims |= claims


def token_without(message: Message, name: str) -> None:
    """A claim less."""
    _token(message).claims[name] = None


def token_before(message: Message, claims: dict[str, Any]) -> None:
    """Claims before the benign ones, so that a name stands twice."""
    _token(message).before.extend(claims.items())


def token_header(message: Message, header: dict[str, Any]) -> None:
    """Other members of the header."""
    _token(message).header |= header


def token_signer(message: Message, signer: str) -> None:
    """Signed by none, by the foreign key, or by an HMAC whose secret is the public key."""
    token = _token(message)
    token.signer = signer
    if signer != "foreign":
        token.header["alg"] = {"none": "none", "hmac": "HS256"}[signer]


def token_brings(message: Message, kid: str) -> None:
    """Signed by the foreign key, which the header brings along."""
    token = _token(message)
    token.signer = "foreign"
    token.header |= {"kid": kid, "jwk": token.issuer.foreign_jwk()}


def token_broken(message: Message, _: object) -> None:
    """Another signature than the one that was made."""
    _token(message).is_broken = True


def token_padded(message: Message, _: object) -> None:
    """The same token in another spelling: with padding."""
    _token(message).is_padded = True


def token_long(message: Message, length: int) -> None:
    """A claim of so many characters."""
    _token(message).claims["note"] = "x" * length


def token_repeat(message: Message, times: int) -> None:
    """The same header line several times."""
    _token(message).times = times


def key_text(message: Message, text: str) -> None:
    """A text that is no key of the store."""
    _key(message).text = text


def key_long(message: Message, length: int) -> None:
    """A text that is longer than any key."""
    _key(message).text = "k" * length


def key_expired(message: Message, _: object) -> None:
    """A key of the store whose time is over."""
    _key(message).is_expired = True


def key_repeat(message: Message, times: int) -> None:
    """The same header line several times."""
    _key(message).times = times


VERBS: dict[str, Callable[[Message, Any], None]] = {
    "credential.none": credential_none,
    "scopes.none": scopes_none,
    "roles.none": roles_none,
    "token.claims": token_claims,
    "token.without": token_without,
    "token.before": token_before,
    "token.header": token_header,
    "token.signer": token_signer,
    "token.brings": token_brings,
    "token.broken": token_broken,
    "token.padded": token_padded,
    "token.long": token_long,
    "token.repeat": token_repeat,
    "key.text": key_text,
    "key.long": key_long,
    "key.expired": key_expired,
    "key.repeat": key_repeat,
}
