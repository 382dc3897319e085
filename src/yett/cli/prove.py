"""The verb `prove`: attacks the plan and says which controls hold. `prove` plays and judges; this file prints."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.terminal import DEFAULT_PLAN, FALLS_SHORT, CannotRun, PlanOption, compiled, ended_by_signals

if TYPE_CHECKING:
    from yett.prove.cases import Reason
    from yett.prove.proof import Report
    from yett.prove.row import Row, State

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document (docs/prove.schema.json) instead of a table")]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="PREFIX", help="Only reasons or controls of this name; repeatable")
]
Seed = Annotated[int, typer.Option("--seed", help="Another seed makes other benign requests where none is described")]

_COLOURS = {"holds": "green", "falls short": "bold red", "reported": "yellow", "held twice": "cyan"}
_SHORT = {"nothing to ablate": "-", "not proven here": "not proven"}


LiveUrl = Annotated[
    str | None,
    typer.Option("--live", metavar="URL", help="Play attacks and reading twins against a running gateway"),
]
Evidence = Annotated[
    Path | None,
    typer.Option("--evidence", metavar="FILE", dir_okay=False, help="With --live: the evidence that it writes"),
]
_MOST_WHY = 12


def prove(
    plan: PlanOption = DEFAULT_PLAN,
    as_json: AsJson = False,
    only: Only = None,
    seed: Seed = 0,
    live: LiveUrl = None,
    evidence: Evidence = None,
) -> None:
    """Attack the plan and say which controls hold.

    Needs nothing running and touches nothing real.
    """
    from yett.prove.cases import CaseError, read_reasons
    from yett.prove.endpoint import LiveError
    from yett.prove.own import OwnGatewayError
    from yett.prove.proof import proven, proven_live
    from yett.prove.world import World
    from yett.serve.sockets import CannotServe

    if evidence is not None and live is None:
        raise CannotRun("--evidence belongs to --live: without it the proof reads the evidence of its own gateway")
    progress = _Progress(as_json)
    try:
        reasons = _wanted(read_reasons(), only)
        with ended_by_signals():
            if live is None:
                found = proven(compiled(plan), reasons, seed, progress)
            else:
                found = proven_live(World(compiled(plan), seed), reasons, live, evidence, progress)
    except (CaseError, CannotServe, LiveError, OwnGatewayError) as error:
        raise CannotRun(str(error)) from None
    finally:
        progress("")
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        if live is not None:
            _missing_credentials(found)
        _table(found, ablated=live is None)
        if live is not None:
            _octets(found)
    if not found.shows_something:
        why = "; ".join(why for why, _ in found.why_unproven().most_common(3))
        raise CannotRun(f"nothing is proven: {why or 'nothing of it is in this plan'}")
    raise typer.Exit(0 if found.holds else FALLS_SHORT)


def _wanted(reasons: list[Reason], only: list[str] | None) -> list[Reason]:
    if not only:
        return reasons
    chosen = [reason for reason in reasons if reason.control in only or reason.id.startswith(tuple(only))]
    if not chosen:
        controls = ", ".join(sorted({reason.control for reason in reasons}))
        expected = f"expected the start of a reason or the name of a control: {controls}"
        raise CannotRun(f"found --only {', '.join(only)}, {expected}")
    return chosen


class _Progress:
    """Says on a terminal which reason is being proven, in one line that is written over."""

    def __init__(self, as_json: bool) -> None:
        self._shows = sys.stderr.isatty() and not as_json

    def __call__(self, text: str) -> None:
        if self._shows:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _missing_credentials(found: Report) -> None:
    """Above the table, where most of it is not proven for want of a credential."""
    from yett.prove.real import PREFIX

    if not any(name.startswith(PREFIX) for name in os.environ) and any(PREFIX in why for why in found.why_unproven()):
        typer.echo(f"no credential is given: {PREFIX}<SCHEME> in the environment holds a token or key of each scheme\n")


def _octets(found: Report) -> None:
    """Below the table, where octets are read by whoever stands before the engine."""
    short = sum(row.falls_short and row.reason.level == "bytes" for row in found.rows)
    if short:
        typer.echo(
            f"{short} of those that fall short are about octets: where Yett guards an app within an ASGI server, "
            "that server reads them, and Yett never sees them (README, FastAPI)"
        )


def _table(found: Report, *, ablated: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from yett.prove.row import State

    console = Console(highlight=False)
    columns = ["reason", "attack", "twin", *(["without the check"] if ablated else []), "played"]
    table = Table(*columns, box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for row in found.rows:
        if row.attack == State.ABSENT:
            continue
        states = [_shown(state) for state in (row.attack, row.twin, *([row.ablation] if ablated else []))]
        table.add_row(row.reason.id, *states, str(sum(proof.sites for proof in row.proofs)))
    console.print(table)
    if any(row.ablation == State.HELD_TWICE for row in found.rows):
        typer.echo("held twice: without this check, another one still refuses at every operation of this plan")
    for row in found.rows:
        _told(row)
    _why_unproven(found)
    if absent := [row.reason.id for row in found.rows if row.attack == State.ABSENT]:
        typer.echo(f"not in this plan: {', '.join(absent)}")
    typer.echo(_sum(found))


def _shown(state: State) -> str:
    colour = _COLOURS.get(state, "dim")
    return f"[{colour}]{_SHORT.get(state, state)}[/]"


def _told(row: Row) -> None:
    if row.falls_short:
        for proof in row.proofs:
            for text in proof.told:
                typer.echo(f"{row.reason.id}, {proof.case}, {proof.place}: {text}")


def _why_unproven(found: Report) -> None:
    """Why reasons are not proven here, each why once."""
    counted = found.why_unproven().most_common()
    for why, count in counted[:_MOST_WHY]:
        typer.echo(f"not proven here, {count} {'reason' if count == 1 else 'reasons'}: {why}")
    if len(counted) > _MOST_WHY:
        typer.echo(f"not proven here, other causes: {len(counted) - _MOST_WHY}; --json names them")


def _sum(found: Report) -> str:
    from yett.prove.row import State

    counted = {
        "fall short": sum(row.falls_short for row in found.rows),
        "only reported": sum(row.attack == State.REPORTED and not row.falls_short for row in found.rows),
        "not in this plan": sum(row.attack == State.ABSENT for row in found.rows),
        "not proven here": sum(row.is_unproven for row in found.rows),
    }
    parts = [f"{sum(row.is_proven for row in found.rows)} of {len(found.rows)} reasons proven"]
    parts += [f"{count} {what}" for what, count in counted.items() if count]
    return f"{', '.join(parts)}; {found.seconds:.1f} s; plan {found.plan[:12]}"
