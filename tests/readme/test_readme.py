"""Property: the marked commands of README work, in order, for someone who has the package and an empty folder."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

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
def serving(block: Block, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Start a block that runs on, until its address accepts; ended, as by Ctrl-C's cousin, when the page is done."""
    assert not accepts(block.value), f"{block.value} is taken by another process; README's commands need it"
    output = folder.parent / f"line-{block.line}.output"
    with output.open("wb") as stream:
        shell = ["sh", "-e", "-c", f"exec {commands(block.text).strip()}"]
        process = subprocess.Popen(shell, cwd=folder, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + SECONDS
        while not accepts(block.value):
            assert process.poll() is None, f"README:{block.line} ended:\n{output.read_text()}"
            assert time.monotonic() < deadline, f"README:{block.line} never accepted:\n{output.read_text()}"
        yield
        assert process.poll() is None, f"README:{block.line} did not run on:\n{output.read_text()}"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    shell = ["sh", "-e", "-c", commands(block.text)]
    done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    expected = int(block.value or 0)
    said = f"README:{block.line}: exit code {done.returncode}, expected {expected}"
    assert done.returncode == expected, f"{said}\n{done.stdout}\n{done.stderr}"


def test_readme(root, installed, tmp_path):
    marked = blocks((root / "README.md").read_text("utf-8"))
    assert {"run", "serve"} <= {block.kind for block in marked}, "README marks no commands for this test"
    folder = tmp_path / "empty"
    folder.mkdir()
    with ExitStack() as stack:
        for block in marked:
            if block.kind == "file":
                (folder / block.value).write_text(block.text, "utf-8")
            elif block.kind == "serve":
                stack.enter_context(serving(block, folder, installed))
            else:
                run(block, folder, installed)


def test_the_installed_package_is_not_this_checkout(root, installed, tmp_path):
    code = "import yett, sys; print(yett.__file__)"
    done = subprocess.run(
        ["python", "-c", code], cwd=tmp_path, env=installed, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).is_relative_to(root)
