"""Property: a secret comes from outside of the plan, whole, from a place that is not for everybody, or not at all."""

import pytest

from yett.policy.findings import PlanError
from yett.store.error import StoreError
from yett.store.secrets import pepper, pepper_path, store_url

HEX = "ab" * 32


def test_a_pepper_is_made_once_beside_the_database(plan, tmp_path):
    first = pepper(plan())
    assert pepper(plan()) == first
    assert len(first) == 64
    path = tmp_path / "yett.pepper"
    assert pepper_path(plan()) == path
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if "pepper" in each.name] == ["yett.pepper"]


def test_a_pepper_from_the_environment(plan, monkeypatch, tmp_path):
    monkeypatch.setenv("PEPPER", HEX.upper())
    assert pepper(plan("store: {url: 'sqlite:///yett.db', pepper: {env: PEPPER}}")) == HEX
    assert not (tmp_path / "yett.pepper").exists()


def test_a_pepper_from_a_file(plan, tmp_path):
    (tmp_path / "secret").write_text(f"{HEX}\n")
    (tmp_path / "secret").chmod(0o600)
    assert pepper(plan("store: {pepper: {file: secret}}")) == HEX


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "is empty"), ("short", "64 hex digits"), ("g" * 64, "64 hex digits"), ("ab" * 31, "64 hex")],
)
def test_what_is_no_pepper(plan, monkeypatch, value, said):
    monkeypatch.setenv("PEPPER", value)
    with pytest.raises(StoreError, match=said) as error:
        pepper(plan("store: {pepper: {env: PEPPER}}"))
    place, _, said = str(error.value).partition(": ")
    assert place.endswith("yett.yaml:2:17")
    assert not value or value not in said


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o640, 0o660, 0o620])
def test_a_file_for_others_is_refused(plan, tmp_path, mode):
    (tmp_path / "secret").write_text(HEX)
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(StoreError, match="expected a file for its owner alone"):
        pepper(plan("store: {pepper: {file: secret}}"))


def test_a_file_that_is_not_there(plan):
    with pytest.raises(StoreError, match="cannot be read"):
        pepper(plan("store: {pepper: {file: gone}}"))


def test_a_url_with_a_password_comes_from_outside(plan, monkeypatch):
    monkeypatch.setenv("STORE", "postgresql://me:secret@db/yett")
    assert store_url(plan("store: {secret_url: {env: STORE}}")) == "postgresql://me:secret@db/yett"


@pytest.mark.parametrize("name", ["password", "passfile", "sslpassword", "pass%77ord"])
def test_no_password_in_the_query_of_a_url(plan, name):
    with pytest.raises(PlanError, match="found a URL with a password"):
        plan(f"store: 'postgresql://me@db/yett?connect_timeout=2&{name}=s3cret'")


def test_a_port_that_is_none(plan):
    with pytest.raises(PlanError, match="expected sqlite:///PATH or postgresql://USER@HOST/NAME"):
        plan("store: postgresql://me@db:abc/yett")
