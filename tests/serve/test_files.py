"""Property: the files of a plan are known before it is compiled, and one that is broken is watched all the same."""

import pytest

from yett.policy import read
from yett.serve.files import named_files


def test_the_plan_and_its_descriptions(plan, tmp_path):
    assert named_files(plan()) == {tmp_path / "yett.yaml", tmp_path / "notes.yaml"}


def test_a_plan_that_is_not_there(tmp_path):
    assert named_files(tmp_path / "yett.yaml") == {tmp_path / "yett.yaml"}


@pytest.mark.parametrize("fault", [ValueError, RecursionError])
def test_a_plan_that_cannot_be_read_at_all(tmp_path, monkeypatch, fault):
    def fails(path):
        raise fault

    monkeypatch.setattr(read, "named_descriptions", fails)
    assert named_files(tmp_path / "yett.yaml") == {tmp_path / "yett.yaml"}
