"""A key set in a file → what the compiled plan holds of it: public keys alone. Verifying is the engine's."""

from __future__ import annotations

from pathlib import Path

from yett.openapi.json_types import is_array, is_object
from yett.openapi.load import Document
from yett.openapi.problem import Place, Problems, shown

PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv")


def read_key_set(path: Path, shown_as: str, place: Place, problems: Problems) -> object:
    """The JWKS (RFC 7517 §5) at `path`; null, and problems, where it is none."""
    try:
        text = path.read_bytes()
    except OSError as error:
        problems.error(
            place, f"no file that can be read at {shown_as} ({error.strerror})", "a file with a key set (JWKS)"
        )
        return None
    document = Document(shown_as, text, problems)
    root = document.root
    if root is None:
        return None
    keys = root.get("keys") if is_object(root) else None
    if not is_array(keys) or not keys:
        found = "no keys" if is_object(root) else shown(root)
        problems.error(document.place(("keys",)), found, 'a key set with one key or more: {"keys": […]}')
        return None
    for number, key in enumerate(keys):
        _check_key(number, key, document, problems)
    return {"keys": keys}


def _check_key(number: int, key: object, document: Document, problems: Problems) -> None:
    at = ("keys", str(number))
    if not is_object(key):
        problems.error(document.place(at), shown(key), "a key (JWK)")
        return
    for name in PRIVATE:
        if name in key:
            found = f"the private member {name!r} of a key"
            problems.error(
                document.place((*at, name), key=True), found, "public keys alone: whoever has a private one signs"
            )
            return
