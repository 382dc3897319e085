"""`yett check`: exit codes, lines and the JSON document."""

import json

UPSTREAM = ("--upstream", "http://127.0.0.1:9000")
CLOSED = """\
yett: 1
apis:
  notes:
    openapi: openapi.yaml
    upstream: {urls: [http://127.0.0.1:9000]}
"""


def test_a_plan_that_holds(yett):
    yett("init", "openapi.yaml", *UPSTREAM)
    done = yett("check")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("yett.yaml: holds: 1 API, 2 operations, 0 warnings; plan ")


def test_a_plan_with_errors(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text(CLOSED + "    lmit: none\n    mode: off\n")
    done = yett("check")
    assert done.code == 1
    assert len(done.err.splitlines()) == 3
    assert done.err.splitlines()[-1] == "yett.yaml: 2 errors"


def test_closed_operations_fall_short_when_strict(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text(CLOSED)
    said = (
        "2 operations (listNotes, health) are closed: neither description nor `security.default` says who may call it"
    )
    done = yett("check")
    assert (done.code, f"openapi.yaml:6:5: warning: {said}" in done.out) == (0, True)
    strict = yett("check", "--strict")
    assert (strict.code, "yett.yaml: falls short" in strict.out) == (1, True)


def test_an_operation_that_compiles_closed_leaves_a_plan_that_the_engine_loads(yett, tmp_path):
    parameters = ", ".join(f"{{name: {name}, in: path, required: true, schema: {{}}}}" for name in "xy")
    (tmp_path / "openapi.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Pairs, version: '1'}\nsecurity: []\npaths:\n"
        f"  /{{x}}{{y}}: {{get: {{parameters: [{parameters}], responses: {{'204': {{description: done}}}}}}}}\n"
    )
    (tmp_path / "yett.yaml").write_text(CLOSED)
    done = yett("check")
    assert (done.code, "two parameters with nothing between them" in done.out) == (0, True), done.out + done.err


def test_json(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text(CLOSED)
    holds = json.loads(yett("check", "--json").out)
    assert (holds["holds"], len(holds["plan"]), holds["errors"]) == (True, 64, [])
    assert {each["kind"] for each in holds["findings"]} == {"warning"}
    (tmp_path / "yett.yaml").write_text(CLOSED + "    lmit: none\n")
    falls = json.loads(yett("check", "--json").out)
    assert falls["errors"][0] | {"expected": ""} == {
        "file": "yett.yaml",
        "line": 6,
        "column": 5,
        "pointer": "/apis/notes/lmit",
        "found": "the unknown key 'lmit'",
        "expected": "",
    }


def test_what_was_weakened_is_told(yett, tmp_path):
    top = "gateway: {listen: ['0.0.0.0:8080'], danger_plaintext: true}\n"
    rest = "    danger_keep_headers: [cache-control]\n    limit: none\n    mode: report\n    cors: {origins: ['*']}\n"
    (tmp_path / "yett.yaml").write_text(f"{top}evidence: none\n{CLOSED}{rest}")
    said = yett("check").out
    assert "yett.yaml:1:37: danger: requests and credentials cross the network in the clear" in said
    assert "danger: cache-control is left to the upstream" in said
    for note in ("no limit holds", "guards report and do not refuse", "scripts of every origin", "no evidence is kept"):
        assert note in said
