"""Descriptions of others: nothing of a plan that holds falls short, whatever its description is made of."""

import shutil

import pytest

from yett.policy.check import accept
from yett.policy.findings import PlanError
from yett.prove.cases import read_reasons
from yett.prove.proof import prove_in_process
from yett.prove.world import World

PLAN = """
yett: 1
apis:
  api:
    openapi: %s
    upstream: {urls: [http://127.0.0.1:9000]}
    security: {default: key}
    credentials: {key: {api_key: {}}}
"""


@pytest.mark.slow
def test_nothing_falls_short_in_a_corner(shared_data, tmp_path):
    folder = tmp_path / "corners"
    shutil.copytree(shared_data / "openapi/corners", folder)
    reasons = [reason for reason in read_reasons() if reason.level in ("request", "reply")]
    proven = 0
    for path in sorted(path for path in folder.rglob("*.*") if path.suffix in (".json", ".yaml")):
        plan = path.with_name("yett.plan")
        plan.write_text(PLAN % path.name)
        try:
            compiled = accept(plan)
        except PlanError:
            continue  # what becomes of each is a table of its own: tests/openapi/outcomes.toml
        rows, _ = prove_in_process(World(compiled), reasons, lambda _: None)
        short = [(row.reason.id, proof.told) for row in rows if row.falls_short for proof in row.proofs]
        assert not short, path.name
        proven += 1
    assert proven > 50
