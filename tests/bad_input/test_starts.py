"""Property: what a sound plan names and nobody has is told, by check where it can know it, by serve with what to do."""

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TABLE = tomllib.loads(Path(__file__).with_name("starts.toml").read_text("utf-8"))["bad"]
API = "security: {default: key}\ncredentials: {key: {api_key: {}}}"


@pytest.fixture
def taken():
    """A port of another process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def said(verb: str, folder: Path, port: str) -> str:
    """Exit code and words of a verb in this folder."""
    command = [sys.executable, "-m", "yett.cli", *verb.split()]
    environment = {name: value for name, value in os.environ.items() if name != "NO_SUCH"} | {"NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    words = (done.stdout + done.stderr).replace(f":{port}", ":PORT")
    return f"{verb}: {done.returncode}\n{words.partition('; plan ')[0]}"


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad["name"])
def test_said(bad, written, taken, tmp_path, snapshot):
    written({"top": bad["top"].replace("PORT", taken), "api": API, "files": bad.get("files", {})})
    for name in bad.get("files", {}):
        (tmp_path / name).chmod(0o600)
    assert said("check", tmp_path, taken) == snapshot
    assert said("check --strict", tmp_path, taken).startswith(f"check --strict: {bad.get('strict', 0)}\n")
    assert said("serve", tmp_path, taken) == snapshot
