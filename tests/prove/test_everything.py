"""Property: every reason of the catalogue is proven, by attack, twin and ablation, wherever it can be played."""

import json
import shutil

import jsonschema_rs
import pytest

from yett.policy.check import accept
from yett.policy.compile import Compiled
from yett.prove.cases import read_reasons
from yett.prove.proof import Report, proven

PLACES = {"bytes": {"reader", "gateway"}, "request": {"engine", "gateway"}, "reply": {"engine", "gateway"}}


# A plan has one header of proxies, and an API for any host or none.
OF_ANOTHER_PLAN = {"admit.forwarded.malformed", "resolve.host.unknown"}


@pytest.fixture(scope="module")
def another(root, tmp_path_factory) -> Compiled:
    """The same plan where proxies write the other header, and every API has its host."""
    folder = tmp_path_factory.mktemp("another") / "everything"
    shutil.copytree(root / "tests/prove/everything", folder)
    plan = folder / "yett.yaml"
    text = plan.read_text().replace("  trusted_proxies", "  proxy_header: forwarded\n  trusted_proxies")
    plan.write_text(text.replace("{base: /v1}", "{host: a.example, base: /v1}"))
    return accept(plan)


@pytest.fixture(scope="module")
def report(everything, another) -> Report:
    found = proven(everything.compiled, read_reasons(), 0, lambda _: None)
    reasons = [reason for reason in read_reasons() if reason.id in OF_ANOTHER_PLAN]
    others = {row.reason.id: row.proofs for row in proven(another, reasons, 0, lambda _: None).rows}
    for row in found.rows:
        proofs = [*row.proofs, *others.get(row.reason.id, [])]
        row.proofs = [proof for proof in proofs if proof.attack != "not in this plan"]
    return found


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
