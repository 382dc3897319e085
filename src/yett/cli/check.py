"""The verb `check`: everything that is wrong with a plan and its descriptions, at once. `policy` judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yett.cli.terminal import CANNOT_RUN, DEFAULT_PLAN, FALLS_SHORT, PlanOption, complain, wrong

if TYPE_CHECKING:
    from yett.openapi.problem import Place
    from yett.policy.compile import Compiled
    from yett.policy.findings import PlanError

Strict = Annotated[bool, typer.Option("--strict", help="Warnings (closed operations) are errors")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of lines")]


def check(plan: PlanOption = DEFAULT_PLAN, strict: Strict = False, as_json: AsJson = False) -> None:
    """Say everything that is wrong with the plan and its descriptions."""
    from yett.policy.check import accept
    from yett.policy.findings import PlanError

    try:
        found = accept(plan)
    except PlanError as error:
        _refused(error, plan, as_json)
        raise typer.Exit(CANNOT_RUN if not plan.is_file() else FALLS_SHORT) from None
    warnings = sum(finding.kind == "warning" for finding in found.findings)
    holds = not (strict and warnings)
    if as_json:
        typer.echo(json.dumps(_accepted(found, holds), ensure_ascii=False, indent=2))
    else:
        _lines(found, plan, warnings, holds)
    raise typer.Exit(0 if holds else FALLS_SHORT)


def _lines(found: Compiled, plan: Path, warnings: int, holds: bool) -> None:
    for finding in found.findings:
        typer.echo(str(finding))
    operations = sum(len(description.operations) for description in found.descriptions.values())
    said = f"{plan}: {'holds' if holds else 'falls short'}: {_count(len(found.descriptions), 'API')}, "
    typer.echo(f"{said}{_count(operations, 'operation')}, {_count(warnings, 'warning')}; plan {found.hash[:12]}")


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def _refused(error: PlanError, plan: Path, as_json: bool) -> None:
    if not as_json:
        complain(wrong(error, plan))
        return
    errors = [{**_place(each.place), "found": each.found, "expected": each.expected} for each in error.problems]
    typer.echo(
        json.dumps({"holds": False, "plan": None, "errors": errors, "findings": []}, ensure_ascii=False, indent=2)
    )


def _accepted(found: Compiled, holds: bool) -> dict[str, Any]:
    findings = [{"kind": each.kind, **_place(each.place), "text": each.text} for each in found.findings]
    return {"holds": holds, "plan": found.hash, "errors": [], "findings": findings}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "pointer": place.pointer}
