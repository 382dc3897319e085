"""The command line: its verbs, exit codes, and what it says where there is nothing to work on."""

import subprocess
import sys

import pytest

UPSTREAM = "http://127.0.0.1:9000"


def test_without_a_verb_and_a_plan(yett):
    done = yett()
    assert done.code == 2
    assert "there is no yett.yaml here; `yett init openapi.yaml --upstream" in done.err
    assert "check " in done.out


def test_the_help_cuts_no_sentence(yett):
    assert "..." not in yett("--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("verb", [("check",), ("serve",), ("keys", "list"), ("update",)])
def test_a_verb_without_a_plan(yett, verb):
    done = yett(*verb)
    assert done.code == 2
    assert done.err.startswith("yett.yaml:1:1: found no plan that can be read at yett.yaml (No such file or directory)")
    assert "`yett init openapi.yaml` writes one" in done.err


def test_an_unknown_verb(yett):
    assert yett("sevre").code == 2


def test_the_schema(yett):
    done = yett("schema")
    assert done.code == 0
    assert '"title": "yett.yaml"' in done.out


def test_a_verb_imports_no_other():
    """The policy, the engine and the store are imported by the verbs that need them."""
    code = (
        "import sys\nfrom yett.cli import application, wanted\napplication(wanted(['schema']))\n"
        "heavy = ('yett', 'pydantic', 'sqlalchemy', 'httpx')\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["yett", "yett.cli", "yett.cli.schema", "yett.cli.terminal"]


@pytest.mark.parametrize("verb", [("init", "openapi.yaml", "--upstream", UPSTREAM, "--plan", "absent/yett.yaml")])
def test_what_the_system_refuses_is_told(yett, tmp_path, verb):
    done = yett(*verb)
    assert done.code == 2
    assert "absent" in done.err
    assert "Traceback" not in done.err


def test_a_folder_that_takes_no_file_is_told(yett, tmp_path):
    (tmp_path / "yett.yaml").symlink_to("absent/yett.yaml")
    done = yett("init", "openapi.yaml", "--upstream", UPSTREAM, "--force")
    assert (done.code, "yett.yaml: No such file or directory" in done.err) == (2, True)
