"""Every decision vector at the binding's own door: one prover hears the upstream's answer, one stops before it."""

import json
from base64 import b64decode, b64encode
from functools import cache

import pytest

from tests.vectors.outcome import Message, Outcome, differences
from tests.vectors.plans import plan
from tests.vectors.vector import NOW, Sent, Vector, api_keys, in_place
from yett._engine import Prover

VECTORS = in_place("binding")


@cache
def provers(name: str) -> tuple[Prover, Prover]:
    made = (Prover(plan(name), []), Prover(plan(name), []))
    for prover in made:
        for key in api_keys().values():
            prover.know(key["text"], json.dumps(key["record"]))
    return made


def decide(prover: Prover, sent: Sent, seconds: float, answer: bool) -> dict:
    status, headers, body = sent.answer
    text = [
        [[name.decode("latin-1"), value.decode("latin-1")] for name, value in each] for each in (sent.headers, headers)
    ]
    attempt = {
        "now": int(seconds),
        "peer": sent.peer,
        "secure": sent.step.secure,
        "method": sent.method,
        "target": sent.target.decode("latin-1"),
        "headers": text[0],
        "body": b64encode(sent.body).decode() if sent.body else None,
        "answer": {"status": status, "headers": text[1], "body": b64encode(body).decode()} if answer else None,
    }
    return json.loads(prover.decide(json.dumps(attempt).encode()))


def message(judged: dict) -> Message:
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in judged["headers"]]
    return Message(judged["line"], judged["status"], headers, b64decode(judged["body"]))


def play(vector: Vector) -> list[Outcome]:
    whole, halfway = provers(vector.plan)
    whole.forget()
    halfway.forget()
    outcomes: list[Outcome] = []
    seconds: float = NOW
    for step in vector.steps:
        seconds += step.after
        sent = Sent(step, vector.address(step))
        for _ in range(step.times):
            before, after = (
                decide(prover, sent, seconds, answer) for prover, answer in ((halfway, False), (whole, True))
            )
            seen = message(before) if before["verdict"] == "forwarded" else None
            client = None if after["verdict"] == "refused" else message(after)
            outcome = Outcome(sent, seen, client, after["status"], after["operation"], after["subject"], after["lines"])
            if outcome.operation is None and after["verdict"] == "released":
                outcome.operation = "unlisted"
            outcomes.append(outcome)
    return outcomes


@pytest.mark.parametrize("vector", VECTORS, ids=[each.id for each in VECTORS])
def test_vector(vector):
    assert not differences(play(vector)), vector.why
