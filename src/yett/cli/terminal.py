"""What every verb shares with a terminal: the plan's option, how problems are printed, exit codes. No verb's work."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from yett.policy.compile import Compiled

FALLS_SHORT = 1
CANNOT_RUN = 2

PlanOption = Annotated[Path, typer.Option("--plan", "-p", metavar="FILE", help="The plan")]
DEFAULT_PLAN = Path("yett.yaml")


class CannotRun(Exception):
    """A verb cannot do its work; the text says why and what to do. The process ends with code 2."""


@contextmanager
def restored_on_failure(*paths: Path) -> Generator[None]:
    """What fails within leaves these files as they were."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, octets in before.items():
            if octets is not None:
                path.write_bytes(octets)
            else:
                path.unlink(missing_ok=True)
        raise


def complain(text: str) -> None:
    """Print what went wrong, on standard error."""
    typer.secho(text, fg="red" if sys.stderr.isatty() else None, err=True)


@contextmanager
def ended_by_signals() -> Generator[None]:
    """SIGTERM and SIGHUP end what runs within as Ctrl-C does: every process and folder that it made goes with it."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def compiled(plan: Path) -> Compiled:
    """The compiled plan at `plan`.

    Raises `CannotRun` with everything that is wrong with it.
    """
    from yett.policy.check import accept
    from yett.policy.findings import PlanError

    try:
        return accept(plan)
    except PlanError as error:
        raise CannotRun(wrong(error, plan)) from None


def wrong(error: Exception, plan: Path) -> str:
    """The problems of a plan, one a line, and how many."""
    lines = str(error).splitlines()
    counted = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return "\n".join([*lines, f"{plan}: {counted}"])
