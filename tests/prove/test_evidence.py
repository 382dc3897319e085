"""Property: lines of evidence are found by trace, wherever in the file the reading begins."""

import json

from yett.prove.cases import read_reasons
from yett.prove.evidence import Lines
from yett.prove.proof import Report
from yett.prove.row import Row


def line(trace: str) -> bytes:
    return json.dumps({"trace_id": trace, "lines": [], "decision": "permitted", "plan": "p"}).encode() + b"\n"


def test_it_may_begin_in_the_middle_of_a_line(tmp_path):
    path, first = tmp_path / "evidence.jsonl", line("one")
    path.write_bytes(first[:20])
    lines = Lines(path, from_end=True)
    path.write_bytes(first + line("two"))
    lines.wait_for(["two"])
    assert [lines.plan(each) for each in ("one", "two")] == [None, "p"]


def test_it_may_begin_where_a_line_does(tmp_path):
    path = tmp_path / "evidence.jsonl"
    for before in (None, line("one")):
        if before:
            path.write_bytes(before)
        lines = Lines(path, from_end=True)
        path.write_bytes((before or b"") + line("two"))
        lines.wait_for(["two"])
        assert [lines.plan(each) for each in ("one", "two")] == [None, "p"]
        path.unlink()


def test_a_proof_of_what_is_not_in_the_plan_shows_nothing():
    report = Report("plan", [Row(read_reasons()[0])], 0.0)
    assert (report.shows_something, report.holds) == (False, False)
