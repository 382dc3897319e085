"""Property: what is told is never older than what was told, and a plan is kept whole or not at all."""

import os

import pytest

from tests.serve.conftest import KEYS
from yett.policy.check import accept
from yett.serve.sockets import CannotServe
from yett.serve.stock import Stock, keep_plan
from yett.store.keys import Keys

NOW = 1_800_000_000


@pytest.fixture
def compiled(plan):
    return accept(plan(*KEYS))


def test_keys_that_were_found_before_others_were_told_are_not_told(compiled):
    stock, keys = Stock(compiled), Keys.of(compiled.source)
    path = keep_plan(compiled)
    stock.config(compiled, path)
    key, _ = keys.add("anna", NOW)
    found = stock.look()
    assert found is not None and [row["id"] for row in found.rows] == [key.id]
    keys.revoke(key.id, NOW)
    assert stock.config(compiled, path)["keys"] == []
    assert not stock.take(found), "the child that was just started knows of the revocation"
    assert stock.changed() is None
    stock.forget()
    assert stock.changed() == []


def test_a_plan_that_cannot_be_written_leaves_nothing(compiled, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotServe, match="No space left on device"):
        keep_plan(compiled)
    assert list((tmp_path / "plans").iterdir()) == []


def test_another_store_is_not_served_and_a_plan_without_keys_is(compiled, plan):
    stock = Stock(compiled)
    assert stock.serves(accept(plan("limit: none", top="store: sqlite:///other.db")))
    assert stock.serves(accept(plan(*KEYS, "headers: {x-notes: changed}")))
    assert not stock.serves(accept(plan(*KEYS, top="store: sqlite:///other.db")))
    assert not Stock(accept(plan("limit: none"))).serves(compiled)
