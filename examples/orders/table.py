"""How the outcome of the demo is told: the table of two columns, and what it adds up to."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from .attacks import Result
from .player import Row

WIDEST_REASON = 33


def table(rows: Sequence[Row]) -> Table:
    """The attacks, one a row: what came of it on the shop itself, what through Yett."""
    shown = Table(title="The same attacks on the same shop", title_justify="left", expand=True)
    for heading in "attack", "directly":
        shown.add_column(heading, overflow="fold", ratio=1)
    shown.add_column("through Yett", overflow="fold", width=WIDEST_REASON, ratio=2)
    for row in rows:
        shown.add_row(row.attack.shows, _direct(row), _through(row) + _twins(row))
    return shown


def summary(rows: Sequence[Row]) -> str:
    """What the rows add up to, and what is known to be open."""
    stopped = sum(row.stopped for row in rows)
    waiting = [f"{row.attack.name} ({row.attack.later})" for row in rows if row.attack.later and not row.stopped]
    said = [f"{len(rows)} attacks: {stopped} stopped by Yett, {len(rows) - stopped} not."]
    if waiting:
        said.append(f"Waiting for a control that is not built yet: {', '.join(waiting)}; see LIMITATIONS.md.")
    broken = [row.attack.name for row in rows if not row.holds]
    said.append(f"Not as it should be: {', '.join(broken)}." if broken else "Every benign twin is served by both.")
    return "\n".join(said)


def _direct(row: Row) -> str:
    if row.direct.result is Result.succeeded:
        return f"[red]succeeds[/red] — {escape(row.direct.effect)}"
    return f"[bold yellow]{row.direct.result} {row.direct.status}[/bold yellow], though it should succeed"


def _through(row: Row) -> str:
    if row.through.result is Result.succeeded:
        return f"[bold red]NOT STOPPED[/bold red]{_waits(row)}"
    verb = "refused" if row.through.result is Result.refused and row.reason else "cleaned"
    reason = "no line in the evidence" if row.reason is None else escape(row.reason) or "by the shape of every answer"
    colour = "green" if row.stopped else "bold yellow"
    return f"[{colour}]{verb} {row.through.status}[/{colour}] {reason}"


def _waits(row: Row) -> str:
    return f" — waits for the control {row.attack.later}" if row.attack.later else ""


def _twins(row: Row) -> str:
    return "".join(f"\n[bold yellow]twin broken[/bold yellow] {escape(broken)}" for broken in row.broken_twins)
