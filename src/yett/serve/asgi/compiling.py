"""The compiler for the shell in an app: it is imported when a plan is compiled, for importing the wrapper is cheap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yett.policy.compile import Compiled


def accept(path: Path) -> Compiled:
    """A plan that the engine accepts. Raises `PlanError`."""
    from yett.policy.check import accept  # noqa: PLC0415

    return accept(path)


def wrongs(error: Exception) -> list[str] | None:
    """Each thing that is wrong, where the error is a `PlanError`."""
    from yett.policy.findings import PlanError  # noqa: PLC0415

    return list(map(str, error.problems)) if isinstance(error, PlanError) else None


def tried(error: Exception) -> tuple[Path, ...]:
    """The files that a plan which is wrong may be mended in, where the error is a `PlanError`."""
    from yett.policy.findings import PlanError  # noqa: PLC0415

    return error.files if isinstance(error, PlanError) else ()
