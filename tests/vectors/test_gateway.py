"""Every decision vector at the socket of a real gateway: one process for each plan, exact reasons from its evidence."""

from collections.abc import Callable

import pytest

from tests.vectors.gateway import Gateway, witnessed
from tests.vectors.outcome import Outcome, differences
from tests.vectors.vector import in_place

VECTORS = in_place("gateway")
Played = dict[str, list[Outcome]]


@pytest.fixture(scope="session")
def played(tmp_path_factory) -> Callable[[str], Played]:
    """What came of all vectors of a plan; they are played together when the first is asked for."""
    known: dict[str, Played] = {}

    def of(plan: str) -> Played:
        if plan not in known:
            gateway = Gateway(plan, tmp_path_factory.mktemp(plan))
            with gateway:
                outcomes = {each.id: gateway.play(each) for each in VECTORS if each.plan == plan}
            witnessed(outcomes, gateway.evidence())
            known[plan] = outcomes
        return known[plan]

    return of


@pytest.mark.parametrize("vector", VECTORS, ids=[each.id for each in VECTORS])
def test_vector(vector, played):
    assert not differences(played(vector.plan)[vector.id]), vector.why
