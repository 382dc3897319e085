"""A store of its own for each test."""

import pytest

from yett.policy.read import read_plan
from yett.store.keys import Keys

PLAN = "yett: 1\n{}\napis: {{a: {{openapi: a.yaml, upstream: {{urls: [http://127.0.0.1:9000]}}}}}}\n"


@pytest.fixture
def plan(tmp_path):
    def plan(store="store: sqlite:///yett.db"):
        (tmp_path / "yett.yaml").write_text(PLAN.format(store))
        return read_plan(tmp_path / "yett.yaml")

    return plan


@pytest.fixture
def keys(plan):
    return Keys.of(plan())
