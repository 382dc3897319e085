"""`yett prove` in the demo's folder, with nothing running: exit codes, the table, the JSON of the published schema."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

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
    said = (
        "found --only nothing, expected the start of a reason or the name of a control: admit, api_key, authenticate,"
    )
    assert done.stderr.startswith(said)


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
    lines = prove("--only", "contract").stdout.splitlines()
    proven, reported = re.match(r"(\d+) of \d+ reasons proven, (\d+) only reported", lines[-1]).groups()
    assert int(reported) == sum(line.split()[1] == "reported" for line in lines[1:] if line.startswith("contract."))
    assert int(proven) == sum(line.split()[1:3] == ["holds", "holds"] for line in lines if line.startswith("contract."))


WITHOUT_EXAMPLE = """
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /a:
    get:
      security: [{bearer: []}]
      parameters: [{name: q, in: query, required: true, schema: {type: string, pattern: ^a$, minLength: 5}}]
      responses: {"204": {description: nothing}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
"""
WITHOUT_EXAMPLE_PLAN = """
yett: 1
apis:
  orders:
    openapi: openapi.yaml
    upstream: {urls: [http://127.0.0.1:9000]}
    credentials: {bearer: {jwt: {issuer: https://i.example, audience: orders, jwks: {file: jwks.json}}}}
"""


def test_what_is_not_proven_says_why(prove, tmp_path):
    (tmp_path / "openapi.yaml").write_text(WITHOUT_EXAMPLE)
    (tmp_path / "yett.yaml").write_text(WITHOUT_EXAMPLE_PLAN)
    done = prove("--only", "jwt")
    assert (done.returncode, "not proven here" in done.stdout) == (2, True)
    assert re.search(r"not proven here, \d+ reasons: orders: .*give one under `prove:`", done.stdout)
    assert done.stderr.startswith("nothing is proven: orders: ")
    assert json.loads(prove("--only", "jwt", "--json").stdout)["holds"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--evidence", "yett.yaml"), "--evidence belongs to --live"),
        (("--live", "http://127.0.0.1:1", "--evidence", "absent.jsonl"), "127.0.0.1:1 cannot be reached: "),
        (("--live", "http://127.0.0.1:1", "--evidence", "."), "is a directory"),
    ],
)
def test_evidence_that_cannot_be_read(prove, arguments, said):
    done = prove(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(prove, tmp_path, number):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "yett.cli", "prove"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        while not (children := Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()):
            assert run.poll() is None
        run.send_signal(number)
        run.communicate(timeout=SECONDS)
    assert run.returncode == 130
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
    assert not list(tmp_path.glob("yett-prove-*"))


def test_a_plan_of_init_without_an_issuer_is_proven(root, tmp_path):
    shutil.copy(root / "examples/orders/openapi.yaml", tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "yett.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert run("init", "openapi.yaml", "--upstream", "http://127.0.0.1:9000").returncode == 0
    assert run("check").returncode == 0
    done = run("prove")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
