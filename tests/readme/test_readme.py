"""Property: the marked commands of README work, in order, for someone who has the package and an empty folder."""

import email
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from tests.readme import api
from tests.readme.fenced import Block, blocks, commands

pytestmark = pytest.mark.slow
SECONDS = 60


def accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def serving(command: list[str], block: Block, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A command that runs on, until the block's address accepts; it and what it started end with the section."""
    assert not accepts(block.value), f"{block.value} is taken by another process; README's commands need it"
    output = folder.parent / f"line-{block.line}.output"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + SECONDS
        while not accepts(block.value):
            assert process.poll() is None, f"README:{block.line} ended:\n{output.read_text()}"
            assert time.monotonic() < deadline, f"README:{block.line} never accepted:\n{output.read_text()}"
        yield
        assert process.poll() is None, f"README:{block.line} did not run on:\n{output.read_text()}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=SECONDS)


def run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    shell = ["sh", "-e", "-c", commands(block.text)]
    done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    expected = int(block.value or 0)
    said = f"README:{block.line}: exit code {done.returncode}, expected {expected}"
    assert done.returncode == expected, f"{said}\n{done.stdout}\n{done.stderr}"


def given(block: Block, folder: Path) -> list[str]:
    """An API's description in the folder, and the command that serves the API."""
    (folder / "openapi.yaml").write_text(json.dumps(api.app.openapi()), "utf-8")
    host, _, port = block.value.rpartition(":")
    where = ["--app-dir", str(Path(api.__file__).parent), "--host", host, "--port", port]
    return [sys.executable, "-m", "uvicorn", "api:app", *where]


def follow(section: list[Block], folder: Path, environment: dict[str, str]) -> None:
    """Do what one section says, in its order."""
    with ExitStack() as stack:
        for block in section:
            if block.kind == "file":
                (folder / block.value).write_text(block.text, "utf-8")
            elif block.kind == "given":
                stack.enter_context(serving(given(block, folder), block, folder, environment))
            elif block.kind == "serve":
                shell = ["sh", "-e", "-c", commands(block.text)]
                stack.enter_context(serving(shell, block, folder, environment))
            else:
                run(block, folder, environment)


def test_readme(root, installed, tmp_path):
    marked = [block for block in blocks((root / "README.md").read_text("utf-8")) if block.kind != "tested"]
    assert {"run", "serve"} <= {block.kind for block in marked}, "README marks no commands for this test"
    for heading, section in groupby(marked, key=lambda block: block.heading):
        folder = tmp_path / heading.lower().replace(" ", "-")
        folder.mkdir()
        follow(list(section), folder, installed)


def test_the_installed_package_is_not_this_checkout(root, installed, tmp_path):
    code = "import yett, sys; print(yett.__file__)"
    done = subprocess.run(
        ["python", "-c", code], cwd=tmp_path, env=installed, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).is_relative_to(root)


def test_the_wheel_asks_for_what_the_project_declares(root, wheel):
    """Nothing is fetched here, so what it depends on is compared: tests/structure has what is imported."""
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        asked = email.message_from_bytes(files.read(name)).get_all("Requires-Dist", [])
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    plain = {frozenset(line.replace(" ", "").split(",")) for line in asked if ";" not in line}
    assert plain == {frozenset(line.split(",")) for line in project["dependencies"]}
