"""The verb `replay`: decides what evidence recorded again, and says what was not recorded. `evidence` judges."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.terminal import FALLS_SHORT, CannotRun

if TYPE_CHECKING:
    from yett.evidence.replay import Replayed

File = Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The evidence file")]
Plans = Annotated[Path, typer.Option("--plans", metavar="DIR", help="Where every plan that judged is kept")]
Trace = Annotated[str | None, typer.Option("--trace", metavar="ID", help="Only the request of this trace")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line")]


def replay(file: File, plans: Plans = Path("plans"), trace: Trace = None, as_json: AsJson = False) -> None:
    """Decide again what evidence recorded, by the same plan."""
    from yett.evidence.read import EvidenceError, read_lines
    from yett.evidence.replay import Replay

    counted: Counter[str] = Counter()
    try:
        lines = (line for line in read_lines(file) if trace in (None, line.trace_id))
        for replayed in Replay(plans).lines(lines):
            counted["differ" if replayed.differs else replayed.how] += 1
            typer.echo(_written(replayed, as_json))
    except BrokenPipeError:
        raise  # not the file: whoever reads has enough
    except OSError as error:
        raise CannotRun(f"{file} cannot be read: {error.strerror}") from None
    except EvidenceError as error:
        raise CannotRun(str(error)) from None
    if not counted:
        raise CannotRun(f"{file} holds no outcome{'' if trace is None else f' of trace {trace}'}")
    if not as_json:
        typer.echo(", ".join(f"{count} {what}" for what, count in sorted(counted.items())))
    raise typer.Exit(FALLS_SHORT if counted["differ"] else 0)


def _written(replayed: Replayed, as_json: bool) -> str:
    return json.dumps(replayed.as_json(), ensure_ascii=False) if as_json else str(replayed)
