"""admit: its limits are what a plan says and safe where it says nothing; what it refuses has no key."""

import pytest

from yett.policy.findings import PlanError


def test_the_limits_of_a_plan_that_says_nothing(gateway):
    head = gateway().head
    assert (head.bytes, head.headers, head.target) == (16 * 1024, 100, 8 * 1024)


def test_a_plan_may_set_them(gateway):
    head = gateway(head={"bytes": "4KiB", "headers": 20, "target": "1KiB"}).head
    assert (head.bytes, head.headers, head.target) == (4096, 20, 1024)


@pytest.mark.parametrize("head", [{"headers": 0}, {"bytes": "0B"}, {"target": "-1B"}, {"folding": "allow"}])
def test_none_of_them_can_be_taken_out(gateway, head):
    with pytest.raises(PlanError):
        gateway(head=head)


def test_a_head_is_never_longer_than_the_reader_takes(gateway):
    assert gateway(head={"bytes": "65535B"}).head.bytes == 65_535
    with pytest.raises(PlanError, match="at most 65535B"):
        gateway(head={"bytes": "64KiB"})


def test_every_refusal_of_bytes_shows_what_the_attack_is_read_as(reasons):
    for name, reason in reasons("admit").items():
        if reason["level"] == "bytes":
            assert reason["case"], name
            assert all(case["attack"] != case["twin"] and case["effect"] for case in reason["case"]), name


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("admit", "bytes", "request")
