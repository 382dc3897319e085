"""What the structural tests read: the committed tree, and how they name a place in it. Nothing here judges."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Glob = Callable[..., list[str]]


@pytest.fixture(scope="session")
def tracked(root: Path) -> Glob:
    """Files of the tree that are committed or about to be (not ignored), by git pathspecs, relative to the root."""

    def listed(*patterns: str) -> list[str]:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        return sorted(name for name in set(done.stdout.splitlines()) if (root / name).is_file())

    return listed
