"""validate: how large and how deep a body may be; what cannot be read in one way has no key."""

import pytest


def test_the_limits(api):
    assert (api().validate_.body, api().validate_.depth) == (2**20, 32)
    limits = api(validate={"body": "16KiB", "depth": 8}).validate_
    assert (limits.body, limits.depth) == (16_384, 8)


@pytest.mark.parametrize("validate", [{"depth": 0}, {"depth": 129}, {"body": "0B"}, {"duplicates": "first"}])
def test_none_of_them_can_be_taken_out(refused, validate):
    assert len(refused(validate=validate)) == 1


def test_what_is_refused_is_the_clients_fault(reasons):
    assert {each["status"] for each in reasons("validate").values()} <= {400, 411, 413, 415, 422}


def test_every_attack_is_refused_its_twin_passes_and_ablation_lets_it_through(holds):
    holds("validate", "request")
