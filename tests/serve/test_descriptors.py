"""The child takes as many descriptors as it may: each client costs one, and so does its upstream."""

import resource
from pathlib import Path

import pytest

from yett.serve.gateway import Gateway

FEW = 256


@pytest.fixture
def few():
    """This process, and whom it starts, may open few; a program may take back what it gave up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_child_takes_as_many_as_it_may(few, plan):
    with Gateway(plan("limit: none")) as gateway:
        text = Path(f"/proc/{gateway.child_pid}/limits").read_text()
    [soft] = [line.split()[3] for line in text.splitlines() if line.startswith("Max open files")]
    assert int(soft) == few > FEW
