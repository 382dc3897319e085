"""The demo as a user sees it: starts both places, plays, tells, and serves on where asked; `yett demo` calls `run`."""

import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import httpx
from rich.console import Console

from . import places, player
from .attacks import ATTACKS
from .issuer import Issuer
from .player import Row, Scene
from .shop.database import reset
from .table import summary, table


def run(console: Console, *, serve: bool = False) -> int:
    """Plays the demo and prints it. Gives 0 where everything is as it should be, 1 where not, 2 where it cannot run."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: no process is left behind
    try:
        with tempfile.TemporaryDirectory(prefix="yett-demo-") as name:
            return _run(console, Path(name), serve)
    except places.CannotStart as failure:
        console.print(str(failure), style="red", markup=False, highlight=False, soft_wrap=True)
        return 2


def _run(console: Console, folder: Path, serve: bool) -> int:
    Issuer.create(folder)
    with places.shop(folder) as shop:
        console.print("Starting a vulnerable shop, and Yett before it …", highlight=False)
        gateway = places.write_plan(folder, shop)
        key = places.add_key(folder)
        with places.gateway(folder, gateway):
            rows = _play(console, Scene(folder, shop, gateway, key))
        console.print(table(rows))
        console.print(summary(rows), markup=False)
        if serve:  # behind a new gateway: the last attack used up what the limit allows
            with places.gateway(folder, gateway):
                _serve(console, folder, shop, gateway)
    return 0 if all(row.holds for row in rows) else 1


def _play(console: Console, scene: Scene) -> list[Row]:
    rows: list[Row] = []
    with console.status("the first attack") as status:
        for row in player.play(scene):
            rows.append(row)
            status.update(f"{len(rows)} of {len(ATTACKS)} attacks played; the last was {row.attack.shows}")
    return rows


def _serve(console: Console, folder: Path, shop: str, gateway: str) -> None:
    """Prints a line that passes and two that show the difference, then waits for Ctrl-C."""
    reset(folder / "shop.db")
    bearer = f"Authorization: Bearer {Issuer.load(folder).token('alice')}"
    httpx.get(f"{gateway}/orders", headers=dict([bearer.split(": ")]), trust_env=False).raise_for_status()
    said = [
        f"\nThe shop listens on {shop}, Yett before it on {gateway}. This passes (alice's token is good for an hour):",
        f"\n  curl -i -H '{bearer}' {gateway}/orders",
        "\nThis does not, and without Yett it does:",
        f"\n  curl -i {gateway}/debug/state",
        f"  curl -i {shop}/debug/state",
        f"\nEvidence: {folder / 'evidence.jsonl'}. Ctrl-C ends both.",
    ]
    for line in said:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    with suppress(KeyboardInterrupt):
        signal.pause()
    console.print("\nEnded.")
