"""What the tests of controls share: one API of a plan, read as `yett check` reads it, and the reasons of a control."""

import json
import tomllib

import pytest

from yett.policy.findings import PlanError
from yett.policy.read import read_plan

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
