"""The child imports the engine and nothing else of Yett, and says why it cannot serve."""

import json
import subprocess
import sys

START = {"config": {"plan": "gone.json"}, "listeners": [], "admin": None, "control": None, "clock": None}


def test_the_child_imports_the_engine_alone():
    code = "import sys, yett.serve.worker; print(*sorted(name for name in sys.modules if name.startswith('yett')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["yett", "yett._engine", "yett.serve", "yett.serve.worker"]


def test_a_child_without_a_plan_says_so(tmp_path):
    command = [sys.executable, "-P", "-m", "yett.serve.worker"]
    done = subprocess.run(command, input=json.dumps(START), capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("yett.serve.worker: gone.json#: found ")


def test_a_child_that_is_handed_no_socket_says_so(tmp_path):
    command = [sys.executable, "-P", "-m", "yett.serve.worker"]
    start = json.dumps({**START, "config": {}})
    done = subprocess.run(command, input=start, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("yett.serve.worker: ")
