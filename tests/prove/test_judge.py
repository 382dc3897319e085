"""Property: a proof holds only for the exact reason; whatever else happened falls short, and is told."""

import pytest

from yett.prove.judge import ablated, attacked, passed, prove_at_engine
from yett.prove.play import Outcome

REFUSED, OTHER = Outcome("refused", "a.b.c"), Outcome("refused", "x.y.z")
FORWARDED = Outcome("forwarded", None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (REFUSED, "holds"),
        (OTHER, "falls short"),
        (FORWARDED, "falls short"),
        (Outcome("missing", None), "falls short"),
        (Outcome("unknown", None), "falls short"),
        (Outcome("forwarded", None, reported=("a.b.c",)), "reported"),
        (Outcome("released", None, altered=("a.b.c",)), "holds"),
        (Outcome("released", None, altered=("x.y.z",)), "falls short"),
    ],
)
def test_attacks(outcome, state):
    assert attacked(outcome, "a.b.c") == state


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (FORWARDED, "holds"),
        (Outcome("answered", None), "holds"),
        (OTHER, "falls short"),
        (Outcome("released", None, altered=("a.b.c",)), "falls short"),
        (Outcome("forwarded", None, reported=("a.b.c",)), "falls short"),
        (Outcome("forwarded", None, reported=("x.y.z",)), "holds"),
    ],
)
def test_twins(outcome, state):
    assert passed(outcome, "a.b.c") == state


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (None, "nothing to ablate"),
        (FORWARDED, "holds"),
        (OTHER, "held twice"),
        (REFUSED, "falls short"),
        (Outcome("missing", None), "falls short"),
        (Outcome("released", None, altered=("a.b.c",)), "falls short"),
    ],
)
def test_ablations(outcome, state):
    assert ablated(outcome, "a.b.c") == state


CATALOGUE = """
control = "role"
[[reason]]
id = "authorize.scope.missing"
kind = "refusal"
level = "request"
public = "forbidden"
status = 403
text = "text"
[[reason.case]]
name = "not the reason that it claims"
needs = ["role"]
change = { roles.none = true }
effect = "none"
"""


def test_a_case_with_the_wrong_reason_falls_short(everything, reasons_of):
    (reason,) = reasons_of(CATALOGUE)
    proof, _ = prove_at_engine(reason.cases[0], reason, everything)
    assert (proof.attack, proof.twin, proof.ablation) == ("falls short", "holds", "held twice")
    assert proof.told[0] == "shop: deleteUser: the attack was refused by authorize.role.missing"
