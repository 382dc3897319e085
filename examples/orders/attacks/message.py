"""Attacks by the form of a message: two readings of one message, and messages that cost more than they should."""

import json

from ..shop.database import ALICE
from . import wire
from .attack import Attack, Outcome, Stage, expect, judge, served

MEBIBYTE = 1024 * 1024
ORDER = {"sku": "BK-0001", "quantity": 1, "note": "Ring once"}


def smuggle(stage: Stage) -> Outcome:
    """One request by its Content-Length; two by its chunks, and the second removes alice."""
    second = wire.head(f"DELETE /users/{ALICE}", {"Host": wire.authority(stage), "Connection": "close"})
    body = b"0\r\n\r\n" + second
    fields = {"Content-Length": str(len(body)), "Transfer-Encoding": "chunked"}
    first = wire.head("GET /health", {"Host": wire.authority(stage), **fields})
    answers = wire.exchange(stage, first + body)
    gone = not stage.rows("SELECT id FROM users WHERE id = ?", ALICE)
    return judge(answers[0], f"a hidden request removed alice; {len(answers)} answers to one request" if gone else "")


def repeat_member(stage: Stage) -> Outcome:
    """Bob orders one hammer for the check, and 900 for the shop."""
    body = '{"sku": "TL-0007", "quantity": 1, "quantity": 900}'
    answer = stage.client.post("/orders", content=body, headers=stage.bearer("bob") | _json())
    ordered = stage.rows("SELECT max(quantity) AS most FROM orders")[0]["most"]
    return judge(answer, f"{ordered} ordered where at most 10 are allowed" if ordered > 10 else "")


def change_media_type(stage: Stage) -> Outcome:
    """A form on a foreign page can send text/plain without asking; the shop reads it as JSON."""
    headers = stage.bearer("alice") | {"Content-Type": "text/plain"}
    answer = stage.client.post("/orders", content=json.dumps(ORDER | {"note": "from a form"}), headers=headers)
    placed = stage.rows("SELECT id FROM orders WHERE note = 'from a form'")
    return judge(answer, "text/plain placed an order" if placed else "")


def send_much(stage: Stage) -> Outcome:
    """Alice writes a note of 8 MiB."""
    order = ORDER | {"note": "x" * (8 * MEBIBYTE)}
    answer = stage.client.post("/orders", json=order, headers=stage.bearer("alice"))
    longest = stage.rows("SELECT max(length(note)) AS longest FROM orders")[0]["longest"]
    return judge(answer, f"a note of {longest // MEBIBYTE} MiB is stored" if longest > MEBIBYTE else "")


def nest_deeply(stage: Stage) -> Outcome:
    """Alice sends 20,000 open brackets."""
    body = '{"sku": "BK-0001", "quantity": 1, "note": ' + "[" * 20_000 + "]" * 20_000 + "}"
    answer = stage.client.post("/orders", content=body, headers=stage.bearer("alice") | _json())
    exhausted = answer.status_code == 500 and "RecursionError" in answer.text
    return judge(answer, "the shop's JSON reader runs out of stack" if exhausted else "")


def place_order(stage: Stage) -> None:
    """Alice orders a book, in JSON."""
    served(stage.client.post("/orders", json=ORDER, headers=stage.bearer("alice")), 201, note="Ring once")


def place_long_order(stage: Stage) -> None:
    """Alice writes a note as long as notes may be."""
    order = ORDER | {"note": "x" * 200}
    served(stage.client.post("/orders", json=order, headers=stage.bearer("alice")), 201, note="x" * 200)


def place_chunked_order(stage: Stage) -> None:
    """Alice's order comes in chunks, with a length for each and for nothing else."""
    parts = [part.encode() for part in json.dumps(ORDER).partition(",")]
    answer = stage.client.post("/orders", content=iter(parts), headers=stage.bearer("alice") | _json())
    served(answer, 201, note="Ring once")
    expect("alice", len(stage.rows("SELECT id FROM users WHERE id = ?", ALICE)), 1)


def _json() -> dict[str, str]:
    return {"Content-Type": "application/json"}


ATTACKS = (
    Attack(
        "smuggled-request",
        "two lengths for one body (CL.TE)",
        "CWE-444",
        smuggle,
        place_chunked_order,
        "admit.length.conflicting",
    ),
    Attack(
        "repeated-member",
        "a JSON member that stands twice",
        "CWE-436",
        repeat_member,
        place_order,
        "validate.body.duplicate",
    ),
    Attack(
        "media-type",
        "JSON that calls itself text",
        "CWE-352",
        change_media_type,
        place_order,
        "validate.media.unsupported",
    ),
    Attack("large-body", "a body of 8 MiB", "API4", send_much, place_long_order, "validate.body.too_large"),
    Attack("deep-body", "20,000 arrays in one another", "API4", nest_deeply, place_order, "validate.body.too_deep"),
)
