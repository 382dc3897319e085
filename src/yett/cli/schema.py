"""The verb `schema`: the JSON Schema of the plan's language, for editors."""

from __future__ import annotations

import json

import typer


def schema() -> None:
    """Print the JSON Schema of yett.yaml."""
    from yett.policy.schema import plan_schema

    typer.echo(json.dumps(plan_schema(), ensure_ascii=False, indent=2))
