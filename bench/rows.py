"""What is measured, and what must be refused before it is: the rows of the table, the same for every proxy."""

import json
from dataclasses import dataclass

# 600 bytes as sent: an order with five lines.
ORDER = {
    "customer": "6f1c2b9e-58a4-4f0e-9a55-7d1f3f0a9c11",
    "currency": "EUR",
    "express": False,
    "note": "",
    "lines": [
        {"sku": f"SKU-{number:05d}", "name": f"Steel bar no. {number}", "quantity": number, "price": 19.5 * number}
        for number in range(1, 6)
    ],
}
BODY_BYTES = 600


def order_body() -> bytes:
    """The measured body: the order, its note padded so that it is exactly 600 bytes."""
    bare = len(json.dumps(ORDER))
    return json.dumps({**ORDER, "note": "n" * (BODY_BYTES - bare)}).encode()


@dataclass(frozen=True)
class Row:
    """One line of the table: a request that every proxy in it must pass, on one of a proxy's three listeners."""

    key: str
    title: str
    method: str
    path: str
    listener: str = "guarded"
    token: str | None = "reader"
    body: bytes | None = None
    http2: bool = False

    @property
    def scheme(self) -> str:
        """Of its URL."""
        return "https" if self.listener == "tls" else "http"


@dataclass(frozen=True)
class Refusal:
    """A request that a proxy with this protection must refuse, and the statuses that count as its refusal."""

    what: str
    protection: str
    method: str
    path: str
    statuses: frozenset[int]
    token: str | None = "reader"
    body: bytes | None = None
    repeat: int = 1


ROWS = [
    Row("plain", "plain GET", "GET", "/plain/items/42", listener="plain", token=None),
    Row("tls", "plain GET over TLS 1.3", "GET", "/plain/items/42", listener="tls", token=None),
    Row("http2", "plain GET over HTTP/2 and TLS 1.3", "GET", "/plain/items/42", listener="tls", token=None, http2=True),
    Row("limit", "GET, limit alone", "GET", "/v1/orders/42", token=None),
    Row("guarded", "GET, JWT + role + limit", "GET", "/v1/orders/42"),
    Row("everything", "POST of 600 B, everything on", "POST", "/v1/orders", body=order_body()),
]

# `scarce` has a limit of five a minute; the measured operations have one that the run does not reach.
REFUSALS = [
    Refusal("no token", "jwt", "GET", "/v1/orders/42", frozenset({401, 403}), token=None),
    Refusal("a token signed with another key", "jwt", "GET", "/v1/orders/42", frozenset({401}), token="forged"),
    Refusal("an expired token", "jwt", "GET", "/v1/orders/42", frozenset({401}), token="expired"),
    Refusal("a token for another audience", "jwt", "GET", "/v1/orders/42", frozenset({401, 403}), token="audience"),
    Refusal("a token without the role", "role", "GET", "/v1/orders/42", frozenset({403}), token="stranger"),
    Refusal("over the limit", "limit", "GET", "/v1/scarce", frozenset({429}), repeat=8),
    Refusal("an operation nobody described", "description", "GET", "/v1/debug", frozenset({404})),
    Refusal("a body of the wrong type", "contract", "POST", "/v1/orders", frozenset({400, 422}), body=b'{"lines":7}'),
    Refusal("a body that is not JSON", "contract", "POST", "/v1/orders", frozenset({400, 422}), body=b"{"),
]
