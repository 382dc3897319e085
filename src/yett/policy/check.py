"""A compiled plan, accepted by the engine; what the engine refuses is told at the place it came from."""

from __future__ import annotations

from pathlib import Path

from yett._engine import PlanFault, load_plan
from yett.openapi.problem import Problem
from yett.policy.compile import Compiled, compile_plan
from yett.policy.findings import PlanError


def accept(path: Path) -> Compiled:
    """Compile the plan at `path` and have the engine load it.

    Raises `PlanError` with everything that is wrong with the plan and its descriptions.
    """
    compiled = compile_plan(path)
    try:
        load_plan(compiled.plan)
    except PlanFault as fault:
        expected = "what the engine can judge by"
        problems = [Problem(compiled.place(pointer), found, expected) for pointer, found in fault.faults]
        raise PlanError(problems) from None
    return compiled
