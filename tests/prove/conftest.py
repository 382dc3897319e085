"""What tests of proofs share: the plan in which every reason can be provoked, and a short way to play one case."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from yett.policy.check import accept
from yett.prove.cases import Reason, read_reasons
from yett.prove.world import World


@pytest.fixture(scope="session")
def everything(root: Path) -> World:
    return World(accept(root / "tests/prove/everything/yett.yaml"))


@pytest.fixture
def site(everything):
    """The site of an operation, by its id."""

    def find(operation: str):
        return next(site for site in everything.sites if site.plan["id"] == operation)

    return find


@pytest.fixture
def reasons_of(tmp_path) -> Callable[[str], list[Reason]]:
    """The reasons of a catalogue that consists of this text."""

    def read(text: str) -> list[Reason]:
        assert tomllib.loads(text)
        (tmp_path / "one.toml").write_text(text)
        return read_reasons(tmp_path)

    return read
