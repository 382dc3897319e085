"""`yett prove` in the demo's folder, with nothing running: exit codes, the table, the JSON of the published schema."""

import json
import shutil
import subprocess
import sys

import jsonschema_rs
import pytest

SECONDS = 90


@pytest.fixture
def prove(root, tmp_path):
    """Run the verb in a copy of the demo's folder."""
    for name in ("yett.yaml", "openapi.yaml", "jwks.json"):
        shutil.copy(root / "examples/orders" / name, tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "yett.cli", "prove", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)

    return run


def test_the_demo_is_proven(prove, root):
    done = prove("--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    schema = json.loads((root / "docs/prove.schema.json").read_text("utf-8"))
    jsonschema_rs.Draft202012Validator(schema).validate(found)
    assert found["holds"]
    absent = {row["reason"] for row in found["rows"] if row["attack"] == "not in this plan"}
    assert not any(reason.startswith(("authenticate.", "authorize.", "limit.", "upstream.")) for reason in absent)


def test_the_table_names_every_reason_that_is_asked_for(prove):
    done = prove("--only", "authorize", "--only", "role")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()[1:-1]] == [
        "authorize.role.missing",
        "authorize.scope.missing",
    ]
    assert done.stdout.splitlines()[-1].startswith("2 of 2 reasons proven; ")


def test_what_is_not_in_the_plan_is_named_below_the_table(prove):
    lines = prove("--only", "admit.forwarded.malformed", "--only", "admit.host.missing").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == ["admit.host.missing"]
    assert lines[-2] == "not in this plan: admit.forwarded.malformed"


def test_what_cannot_be_asked_for(prove):
    done = prove("--only", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "found --only nothing, expected the start of a reason or the name of a control\n"


def test_a_gateway_that_is_not_there(prove):
    done = prove("--live", "http://127.0.0.1:1", "--only", "admit.host.missing")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("127.0.0.1:1 cannot be reached: ")


def test_a_plan_that_only_reports_is_proven_to_report(prove, tmp_path):
    plan = tmp_path / "yett.yaml"
    plan.write_text(plan.read_text().replace("mode: enforce", "mode: report"))
    done = prove("--json", "--only", "contract", "--only", "resolve.operation.unknown")
    rows = {row["reason"]: [row["attack"], row["twin"], row["ablation"]] for row in json.loads(done.stdout)["rows"]}
    for reason in ("contract.body.invalid", "contract.reply.undeclared", "resolve.operation.unknown"):
        assert rows[reason] == ["reported", "holds", "holds"], reason
    assert done.returncode == 0
