"""Descriptions of others: `init` then `check` holds for each that is valid; the child of the largest stays small."""

import re
from pathlib import Path

import pytest

from yett.serve.gateway import Gateway

pytestmark = pytest.mark.slow
UPSTREAM = ("--upstream", "http://127.0.0.1:9000")
LARGE = {"adyen_checkout_v72.json", "museum.yaml", "openai.yaml", "twilio_messaging_v1.json", "twilio_verify_v2.json"}
INVALID = {
    "3.0_post.json": "found no reply, expected at least one",
    "3.0_response-examples.json": "found the media type 'text/csv, text/comma-separated-values'",
    "3.0_response-http-behavior.json": "found the security scheme 'api_key'",
}
MEGABYTES = 150


@pytest.fixture
def outcome(yett, tmp_path):
    def outcome(path: Path):
        (tmp_path / path.name).write_bytes(path.read_bytes())
        made = yett("init", path.name, *UPSTREAM, "--force")
        return made if made.code else yett("check")

    return outcome


def test_the_large_ones(outcome, shared_data):
    said = {name: outcome(shared_data / "openapi" / name) for name in sorted(LARGE)}
    assert {name: done.code for name, done in said.items()} == dict.fromkeys(LARGE, 0)
    assert all(re.search(r"yett.yaml: holds: 1 API, \d+ operations", done.out) for done in said.values())


def test_the_corners(outcome, shared_data):
    said = {path.name: outcome(path) for path in sorted((shared_data / "openapi/corners").iterdir())}
    assert len(said) == 58
    refused = {name: done.err for name, done in said.items() if done.code}
    assert refused.keys() == INVALID.keys()
    assert not [name for name, text in INVALID.items() if text not in refused[name]]


def test_the_child_of_the_largest_stays_small(yett, shared_data, tmp_path):
    (tmp_path / "openai.yaml").write_bytes((shared_data / "openapi/openai.yaml").read_bytes())
    assert yett("init", "openai.yaml", *UPSTREAM).code == 0
    with Gateway("yett.yaml") as gateway:
        status = Path(f"/proc/{gateway.child_pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < MEGABYTES * 1024
