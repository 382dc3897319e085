"""What the demo reads from the gateway's evidence, as it is written."""

import json
import threading

import pytest
from orders import evidence
from orders.evidence import Evidence


def write(path, *lines):
    with path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evidence.jsonl"


def test_the_reason_is_found_by_trace(path):
    write(path, {"trace_id": "a", "reason": "admit.path.dot_segment"}, {"trace_id": "b", "lines": []})
    read = Evidence(path)
    assert read.reason("a") == "admit.path.dot_segment"
    assert read.reason("b") == ""


LINES = [
    {"control": "limit", "said": "would_refuse", "reason": "limit.address.exceeded"},
    {"control": "contract", "said": "altered", "reason": "contract.reply.undeclared"},
    {"control": "shape", "said": "passed"},
]


def test_why_a_reply_was_altered_stands_for_a_reason(path):
    write(path, {"trace_id": "a", "lines": LINES})
    assert Evidence(path).reason("a") == "contract.reply.undeclared"


def test_lines_are_read_as_they_come_and_half_a_line_waits(path):
    write(path, {"trace_id": "a", "reason": "x.y.z"})
    read = Evidence(path)
    assert read.reason("a") == "x.y.z"
    with path.open("a") as file:
        file.write('{"trace_id": "b", ')
        file.flush()
        finish = threading.Timer(0.05, lambda: (file.write('"reason": "u.v.w"}\n'), file.flush()))
        finish.start()
        assert read.reason("b") == "u.v.w"
        finish.join()


def test_no_line_is_told_apart_from_no_reason(path, monkeypatch):
    monkeypatch.setattr(evidence, "PATIENCE", 0.0)
    assert Evidence(path).reason("a") is None
