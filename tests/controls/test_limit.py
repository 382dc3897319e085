"""limit: every caller is limited unless the plan says `none`; a limit by address cannot wait for the operation."""

import pytest


def shown(limits):
    return [(limit.by, limit.allow, limit.burst) for limit in limits]


def test_a_plan_that_says_nothing_limits_both(api):
    assert shown(api().limit) == [("address", (50, 1000), 100), ("subject", (50, 1000), 100)]


def test_none_is_said_in_full(api, refused):
    assert api(limit="none").limit == []
    assert refused(limit="off") == ["a list"]


@pytest.mark.parametrize(
    ("allow", "read"),
    [("60/minute", (60, 60_000)), ("1000/hour", (1000, 3_600_000)), ("5/10s", (5, 10_000)), ("1/day", (1, 86_400_000))],
)
def test_rates(api, allow, read):
    assert shown(api(limit=[{"by": "subject", "allow": allow}]).limit) == [("subject", read, None)]


@pytest.mark.parametrize("allow", ["0/minute", "60", "60 / minute", "60/fortnight", "1.5/second", "-1/second", 60])
def test_what_is_no_rate(refused, allow):
    assert refused(limit=[{"by": "subject", "allow": allow}]) == ["a rate such as 60/minute, 1000/hour or 5/10s"]


def test_a_burst_is_at_least_one(refused):
    assert refused(limit=[{"by": "subject", "allow": "1/second", "burst": 0}]) == ["at least 1"]


def test_a_limit_by_address_knows_no_operation(refused):
    [said] = refused(limit=[{"by": "address", "allow": "1/second", "operations": ["readOrder"]}])
    assert "stands before the operation is known" in said


def test_what_is_not_built_is_refused_by_name(refused):
    [said] = refused(limit=[{"by": "subject", "allow": "1/second", "window": "sliding"}])
    assert said == "a plan without it: every limit is a token bucket until then"


def test_too_many_is_said_as_such(reasons):
    assert {(each["status"], each["public"]) for each in reasons("limit").values()} == {(429, "too_many")}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("limit", "request")
