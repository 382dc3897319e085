"""What the tests of controls share: one API of a plan, read as `yett check` reads it; a control's reasons and proof."""

import json
import shutil
import tomllib

import pytest

from yett.policy.check import accept
from yett.policy.findings import PlanError
from yett.policy.read import read_plan
from yett.prove.cases import read_reasons
from yett.prove.proof import prove_in_process
from yett.prove.row import State
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
def everything(root, tmp_path_factory):
    """The plan for nearly every reason, and one for the rest: each host named, the other header of proxies."""
    folder = shutil.copytree(root / "tests/prove/everything", tmp_path_factory.mktemp("plan") / "everything")
    trusted = "  trusted_proxies: [10.0.0.0/8]\n"
    plan = folder / "yett.yaml"
    text = plan.read_text("utf-8")
    assert trusted in text
    text = text.replace(trusted, f"{trusted}  proxy_header: forwarded\n").replace(
        "{base: /v1}", "{host: a.example, base: /v1}"
    )
    plan.write_text(text, "utf-8")
    return World(accept(root / "tests/prove/everything/yett.yaml")), World(accept(plan))


def states(proof):
    return proof.attack, proof.twin, proof.ablation


def again(world, reason, case):
    """One case of a reason, played in another world."""
    [row] = prove_in_process(world, [reason], lambda _: None)[0]
    return next(proof for proof in row.proofs if proof.case == case)


@pytest.fixture
def holds(everything):
    """Every attack of a control is refused with exactly its reason, its twin passes, ablation lets the attack in."""

    def check(control, *levels):
        reasons = [reason for reason in read_reasons() if reason.control == control and reason.level in levels]
        assert reasons, f"{control} has no reason of level {' or '.join(levels)}"
        absent = (State.ABSENT,) * 3
        for row in prove_in_process(everything[0], reasons, lambda _: None)[0]:
            assert row.proofs, f"{row.reason.id} has no case"
            for played in row.proofs:
                proof = played if states(played) != absent else again(everything[1], row.reason, played.case)
                assert states(proof) == ("holds",) * 3, f"{row.reason.id}, {proof.case}: {states(proof)}, {proof.told}"

    return check
