"""The plan's language as a JSON Schema, for editors; the models stay what decides."""

from __future__ import annotations

from typing import Any

from yett.policy.plan import Plan


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of yett.yaml."""
    schema = Plan.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "yett.yaml"}
