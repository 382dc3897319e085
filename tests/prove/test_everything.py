"""Property: every reason of the catalogue is proven, by attack, twin and ablation, wherever it can be played."""

import json

import jsonschema_rs
import pytest

from yett.prove.cases import read_reasons
from yett.prove.proof import Report, proven

PLACES = {"bytes": {"reader", "gateway"}, "request": {"engine", "gateway"}, "reply": {"engine", "gateway"}}


@pytest.fixture(scope="module")
def report(everything) -> Report:
    return proven(everything.compiled, read_reasons(), 0, lambda _: None)


def test_the_catalogue_lacks_no_case():
    bare = [reason.id for reason in read_reasons() if not reason.cases]
    assert not bare, f"without attack and twin: {bare}"


def test_every_case_holds_in_every_column(report):
    short = [
        (row.reason.id, proof.as_json())
        for row in report.rows
        for proof in row.proofs
        if (proof.attack, proof.twin) != ("holds", "holds") or proof.ablation not in ("holds", "nothing to ablate")
    ]
    assert not short


def test_every_refusal_has_an_ablation_and_no_fault_has(report):
    kinds = {row.reason.id: (row.reason.kind, str(row.ablation)) for row in report.rows}
    assert set(kinds.values()) == {("refusal", "holds"), ("fault", "nothing to ablate")}


def test_every_case_is_played_at_all_its_places(report):
    for row in report.rows:
        for case in row.reason.cases:
            places = {proof.place for proof in row.proofs if proof.case == case.name}
            if row.reason.level == "gateway":
                assert places in ({"gateway"}, {"shell"}), row.reason.id
            else:
                assert places == PLACES[row.reason.level], (row.reason.id, case.name)


def test_the_report_is_what_the_schema_publishes(report, root):
    schema = json.loads((root / "docs/prove.schema.json").read_text("utf-8"))
    written = json.loads(json.dumps(report.as_json()))
    jsonschema_rs.Draft202012Validator(schema).validate(written)
    assert written["holds"]
    assert len(written["rows"]) == len(read_reasons())
