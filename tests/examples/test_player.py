"""The player tells what is stopped from what is not, and the table says it."""

import dataclasses
import io

import pytest
from orders import player
from orders.attacks import ATTACKS, Outcome, Result, TwinFailed
from orders.player import Row, Scene
from orders.table import summary, table
from rich.console import Console

BY_NAME = {attack.name: attack for attack in ATTACKS}
UNSIGNED, OWNER, HEADERS = (BY_NAME[name] for name in ("token-unsigned", "object-of-another-user", "headers"))
SUCCEEDED = Outcome(Result.succeeded, 200, "bob's orders are read")
REFUSED = Outcome(Result.refused, 401, trace="a")


@pytest.fixture
def scene(shop):
    url, folder = shop
    return Scene(folder, shop=url, gateway=url, api_key="unread")


def shown(*rows, width=300):
    console = Console(width=width, force_terminal=False, file=io.StringIO())
    console.print(table(rows))
    return console.file.getvalue()


def test_a_reason_is_readable_in_a_terminal_of_80_columns():
    assert UNSIGNED.stopped_by in shown(Row(UNSIGNED, SUCCEEDED, REFUSED, UNSIGNED.stopped_by, ()), width=80)


def test_without_a_gate_nothing_is_stopped(scene):
    (row,) = player.play(scene, [UNSIGNED])
    assert row.direct.result is row.through.result is Result.succeeded
    assert (row.stopped, row.holds, row.reason) == (False, False, None)
    assert "NOT STOPPED" in shown(row)


def test_a_broken_twin_is_told_for_each_place(scene):
    def refuse(stage):
        raise TwinFailed("answered 403")

    (row,) = player.play(scene, [dataclasses.replace(UNSIGNED, twin=refuse)])
    assert row.broken_twins == (f"{scene.shop}: answered 403", f"{scene.gateway}: answered 403")
    assert "twin broken" in shown(row)
    assert "Not as it should be: token-unsigned." in summary([row])


def test_an_attack_is_stopped_by_its_own_reason_only():
    stopped = Row(UNSIGNED, SUCCEEDED, REFUSED, UNSIGNED.stopped_by, ())
    assert stopped.stopped and stopped.holds
    assert f"refused 401 {UNSIGNED.stopped_by}" in shown(stopped)
    for reason in ("authenticate.credential.missing", "", None):
        other = dataclasses.replace(stopped, reason=reason)
        assert not other.stopped and not other.holds
    assert "no line in the evidence" in shown(dataclasses.replace(stopped, reason=None))


def test_an_attack_that_fails_on_the_shop_itself_shows_nothing():
    row = Row(UNSIGNED, REFUSED, REFUSED, UNSIGNED.stopped_by, ())
    assert row.stopped and not row.holds
    assert "though it should succeed" in shown(row)


def test_what_waits_for_a_control_holds_as_long_as_it_is_not_stopped():
    waiting = Row(OWNER, SUCCEEDED, SUCCEEDED, "", ())
    assert waiting.holds and not waiting.stopped
    assert "NOT STOPPED — waits for the control owner" in shown(waiting)
    assert "object-of-another-user (owner); see LIMITATIONS.md" in summary([waiting])
    built = Row(OWNER, SUCCEEDED, REFUSED, "authorize.owner.mismatched", ())
    assert built.stopped and not built.holds


def test_what_the_shape_undoes_needs_a_line_but_no_reason():
    clean = Row(HEADERS, SUCCEEDED, Outcome(Result.harmless, 200, trace="a"), "", ())
    assert clean.holds
    assert "cleaned 200 by the shape of every answer" in shown(clean)
    assert not dataclasses.replace(clean, reason=None).holds
