"""Each attack has its effect on the shop itself, and its benign twin is served."""

import pytest
from orders.attacks import ATTACKS, Result

NAMED = [pytest.param(attack, id=attack.name) for attack in ATTACKS]


@pytest.mark.parametrize("attack", NAMED)
def test_attack_succeeds_on_the_shop_itself(attack, stage):
    outcome = attack.play(stage)
    assert outcome.result is Result.succeeded, outcome
    assert outcome.effect


@pytest.mark.parametrize("attack", NAMED)
def test_twin_is_served_by_the_shop_itself(attack, stage):
    attack.twin(stage)


def test_names_are_unique_and_what_is_not_stopped_names_its_control():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 12
    assert {attack.name: attack.later for attack in ATTACKS if attack.later} == {
        "identity-header-beside-token": "headers",
        "sql-in-free-text": "inspect",
        "object-of-another-user": "owner",
    }
