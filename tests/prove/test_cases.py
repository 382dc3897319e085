"""Property: a case that cannot be played is an error that names the reason, never a proof that passes."""

import pytest

from yett.prove.cases import CaseError, read_reasons
from yett.prove.changes import VERBS
from yett.prove.judge import prove_at_engine
from yett.prove.needs import NEEDS

REASON = """
control = "x"
[[reason]]
id = "x.y.z"
kind = "refusal"
level = "{level}"
public = "invalid"
status = 400
text = "text"
[[reason.case]]
{case}
"""


@pytest.mark.parametrize(
    ("level", "case", "said"),
    [
        (
            "wire",
            "name = 'a'\neffect = 'b'",
            "x.y.z: found level 'wire', expected one of bytes",
        ),
        ("request", "name = 'a'", "x.y.z: a case without name or effect"),
        ("request", "name = 'a'\neffect = 'b'\nneed = ['jwt']", "x.y.z, a: found ['need'], expected some of"),
        (
            "request",
            "name = 'a'\neffect = 'b'\nchange = { method = 'GET' }",
            "x.y.z: found method = 'GET', expected a",
        ),
    ],
)
def test_what_cannot_be_read(reasons_of, level, case, said):
    with pytest.raises(CaseError) as error:
        reasons_of(REASON.format(level=level, case=case))
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("needs = ['luck']", "x.y.z, a: found needs ['luck'], expected some of ['api_key'"),
        ("change = { method.guess = 'GET' }", "x.y.z, a: found 'method.guess', expected one of ['answer.cut'"),
    ],
)
def test_what_cannot_be_played(reasons_of, everything, case, said):
    (reason,) = reasons_of(REASON.format(level="request", case=f"name = 'a'\neffect = 'b'\n{case}"))
    with pytest.raises(CaseError) as error:
        prove_at_engine(reason.cases[0], reason, everything)
    assert str(error.value).startswith(said)


def test_the_vocabulary_has_no_word_that_no_case_uses():
    cases = [case for reason in read_reasons() for case in reason.cases]
    assert {change.verb for case in cases for change in case.changes} == VERBS.keys()
    used = {need for case in cases for need in (*case.needs, *(case.twin or ()))}
    assert NEEDS.keys() - used == set()


def test_every_verb_says_what_it_does():
    assert all(verb.__doc__ for verb in VERBS.values())
