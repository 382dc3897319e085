"""What the tests of controls share: one API of a plan, read as `yett check` reads it; a control's reasons and proof."""

import json
import tomllib

import pytest

from yett.policy.check import accept
from yett.policy.findings import PlanError
from yett.policy.read import read_plan
from yett.prove.cases import read_reasons
from yett.prove.proof import prove_in_process
from yett.prove.world import World

UPSTREAM = {"urls": ["http://127.0.0.1:9000"]}


@pytest.fixture
def gateway(tmp_path):
    """A plan with these keys of `gateway`, read: its model."""

    def read(**keys):
        return plan(tmp_path, {"gateway": keys}).gateway

    return read


@pytest.fixture
def api(tmp_path):
    """A plan whose API has these keys, read: the API's model."""

    def read(**keys):
        return plan(tmp_path, {"apis": {"shop": whole(keys)}}).apis["shop"]

    return read


@pytest.fixture
def refused(tmp_path):
    """The same, refused: what was expected, at each place, as `yett check` tells it."""

    def read(**keys):
        with pytest.raises(PlanError) as error:
            plan(tmp_path, {"apis": {"shop": whole(keys)}})
        return [problem.expected for problem in error.value.problems]

    return read


def whole(keys):
    return {"openapi": "openapi.yaml", "upstream": UPSTREAM, **keys}


def plan(folder, keys):
    path = folder / "yett.yaml"
    path.write_text(json.dumps({"yett": 1, "apis": {"shop": whole({})}, **keys}))
    return read_plan(path).plan


@pytest.fixture
def reasons(root):
    """The reasons of a control, by id."""

    def read(control):
        text = (root / f"src/yett/catalogue/{control}.toml").read_text("utf-8")
        return {reason["id"]: reason for reason in tomllib.loads(text)["reason"]}

    return read


@pytest.fixture(scope="session")
def everything(root):
    """The plan in which every reason can be provoked."""
    return World(accept(root / "tests/prove/everything/yett.yaml"))


@pytest.fixture
def holds(everything):
    """Every attack of a control is refused with exactly its reason, its twin passes, ablation lets the attack in."""

    def check(control, *levels):
        reasons = [reason for reason in read_reasons() if reason.control == control and reason.level in levels]
        assert reasons, f"{control} has no reason of level {' or '.join(levels)}"
        for row in prove_in_process(everything, reasons, lambda _: None)[0]:
            assert row.proofs, f"{row.reason.id} has no case"
            for proof in row.proofs:
                states = (proof.attack, proof.twin, proof.ablation)
                assert states == ("holds",) * 3, f"{row.reason.id}, {proof.case}: {states}, {proof.told}"

    return check
