"""Property: a wrong plan or description is refused, with all that is wrong, each at its place, in words that help."""

import tomllib
from pathlib import Path

import pytest

from yett.policy.check import accept
from yett.policy.findings import PlanError

TABLE = tomllib.loads(Path(__file__).with_name("plans.toml").read_text("utf-8"))["bad"]
SECRETS = ("secret", "6f6f6f", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "u:p@")


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad["name"])
def test_message(bad, written, snapshot):
    written(bad)
    with pytest.raises(PlanError) as error:
        accept(Path("yett.yaml"))
    assert str(error.value) == snapshot


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad["name"])
def test_every_message_has_a_place_and_what_was_expected(bad, written):
    written(bad)
    with pytest.raises(PlanError) as error:
        accept(Path("yett.yaml"))
    assert error.value.problems
    for problem in error.value.problems:
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.found
        assert problem.expected


@pytest.mark.parametrize("bad", [bad for bad in TABLE if "secret" in bad["name"] or "password" in bad["name"]])
def test_no_secret_is_shown(bad, written):
    written(bad)
    with pytest.raises(PlanError) as error:
        accept(Path("yett.yaml"))
    shown = str(error.value).replace("secret_url", "").replace("a secret", "").replace("secrets stand", "")
    assert not [secret for secret in SECRETS if secret in shown]


def test_the_table_is_as_large_as_promised():
    assert len(TABLE) >= 60
    assert len({bad["name"] for bad in TABLE}) == len(TABLE)
