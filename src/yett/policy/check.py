"""A compiled plan, accepted by the engine, and its certificates, accepted by the gateway; each refusal at its place."""

from __future__ import annotations

import json
from pathlib import Path

from yett._engine import PlanFault, load_plan
from yett.openapi.problem import Problem
from yett.policy.compile import Compiled, compile_plan
from yett.policy.findings import PlanError


def accept(path: Path) -> Compiled:
    """Compile the plan at `path`, have the engine load it, and the gateway read what its listeners show.

    Raises `PlanError` with everything that is wrong with the plan and its descriptions.
    """
    compiled = compile_plan(path)
    try:
        load_plan(compiled.plan, _material(compiled))
    except PlanFault as fault:
        problems = [_problem(compiled, pointer, found) for pointer, found in fault.faults]
        raise PlanError(problems, compiled.files) from None
    return compiled


def _material(compiled: Compiled) -> str | None:
    return json.dumps([one.document if one else None for one in compiled.tls]) if any(compiled.tls) else None


def _problem(compiled: Compiled, pointer: str, found: str) -> Problem:
    of_listener = pointer.startswith("/gateway/listen")
    expected = "what a listener can show" if of_listener else "what the engine can judge by"
    return Problem(compiled.place(pointer), found, expected)
