"""A compiled plan, accepted by the engine; what the engine refuses is told at the place it came from."""

from __future__ import annotations

from pathlib import Path

from yett import _engine
from yett.openapi.problem import Problem
from yett.policy.compile import Compiled, compile_plan
from yett.policy.findings import PlanError


def accept(path: Path) -> Compiled:
    """Compile the plan at `path` and have the engine load it.

    Raises `PlanError` with everything that is wrong with the plan and its descriptions.
    """
    compiled = compile_plan(path)
    faults = _engine.check_plan(compiled.plan)
    if faults:
        expected = "what the engine can judge by"
        raise PlanError([Problem(compiled.place(pointer), found, expected) for pointer, found in faults])
    return compiled
