"""Property: a row holds only where everything that was to be played of it holds."""

import pytest

from yett.policy.check import accept
from yett.prove.cases import Reason, read_reasons
from yett.prove.proof import prove_in_process
from yett.prove.row import Proof, Row, State
from yett.prove.world import World

REASON = Reason("a.b.c", "a", "refusal", "request", "invalid", 400, "text")
DESCRIPTION = """
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      security: []
      parameters: [{name: q, in: query, schema: {type: integer}}]
      responses: {"204": {description: nothing}}
"""
PLAN = """
yett: 1
apis:
  strict: {openapi: openapi.yaml, match: {host: a.example}, upstream: {urls: [http://127.0.0.1:9000]}}
  lenient:
    openapi: openapi.yaml
    match: {host: b.example}
    upstream: {urls: [http://127.0.0.1:9000]}
    contract: {requests: report}
"""


def row(*states):
    proofs = [Proof(f"case {number}", "engine") for number in range(len(states))]
    for proof, (attack, twin) in zip(proofs, states, strict=True):
        proof.add(attack, twin, State.HOLDS)
    return Row(REASON, proofs)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.HOLDS], State.HOLDS),
        ([], State.ABSENT),
        ([State.HOLDS, State.UNPROVEN], State.UNPROVEN),
        ([State.HOLDS, State.UNPROVEN, State.REPORTED], State.REPORTED),
        ([State.HOLDS, State.REPORTED, State.FALLS_SHORT], State.FALLS_SHORT),
    ],
)
def test_what_does_not_hold_somewhere_decides(states, expected):
    assert row(*((state, State.HOLDS) for state in states)).attack == expected
    assert row(*((State.HOLDS, state) for state in states)).twin == expected


@pytest.mark.parametrize(
    ("attack", "twin", "is_proven"),
    [
        (State.HOLDS, State.HOLDS, True),
        (State.REPORTED, State.HOLDS, False),
        (State.HOLDS, State.UNPROVEN, False),
        (State.HOLDS, State.FALLS_SHORT, False),
    ],
)
def test_proven_is_what_holds_in_attack_and_twin(attack, twin, is_proven):
    assert row((attack, twin)).is_proven == is_proven


def test_an_ablation_is_shown_by_one_site():
    proof = Proof("case", "engine")
    proof.add(State.HOLDS, State.HOLDS, State.HOLDS)
    proof.add(State.HOLDS, State.HOLDS, State.HELD_TWICE)
    assert proof.ablation == State.HOLDS


def test_what_was_not_played_is_told_and_not_counted():
    proof = Proof("case", "engine")
    proof.add(State.HOLDS, State.HOLDS, State.HOLDS)
    proof.not_played("no example")
    assert (proof.sites, proof.attack, proof.told) == (1, "not proven here", ["no example"])


def test_an_attack_that_passes_at_one_api_is_reported(tmp_path):
    (tmp_path / "openapi.yaml").write_text(DESCRIPTION)
    (tmp_path / "yett.yaml").write_text(PLAN)
    (reason,) = (reason for reason in read_reasons() if reason.id == "contract.parameter.invalid")
    ((row,), _) = prove_in_process(World(accept(tmp_path / "yett.yaml")), [reason], lambda _: None)
    assert (row.attack, row.twin, row.is_proven) == ("reported", "holds", False)
