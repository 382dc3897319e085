"""Fixtures that tests of every folder share: peers, data from outside. What one folder needs stays in that folder."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
Peer = Callable[[str], Path]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than some seconds; `make check` leaves it out")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def peer() -> Peer:
    """Find a peer's program (nginx, haproxy, envoy, wrk, redis-server); without it skip, with YETT_PEERS=all fail."""

    def find(name: str) -> Path:
        places = f"{ROOT / '.venv' / 'bin'}:{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
        if (found := shutil.which(name, path=places)) is None:
            missing = f"the peer {name} is not installed"
            if os.environ.get("YETT_PEERS") == "all":
                pytest.fail(f"{missing}, and YETT_PEERS=all wants every peer")
            pytest.skip(f"{missing}; .ci/run installs it")
        return Path(found)

    return find


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of test data from elsewhere, named by YETT_DATA; skip without it."""
    folder = os.environ.get("YETT_DATA")
    if not folder:
        pytest.skip("YETT_DATA names no folder of test data from elsewhere")
    if not (path := Path(folder)).is_dir():
        pytest.fail(f"YETT_DATA={folder} is not a folder")
    return path


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The newest wheel of this checkout; `make wheel` builds it, and `make test` does so first."""
    wheels = sorted((ROOT / "dist").glob("yett-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        absent = "no wheel in dist/; `make wheel` builds it"
        pytest.fail(absent) if os.environ.get("YETT_PEERS") == "all" else pytest.skip(absent)
    return wheels[-1]
