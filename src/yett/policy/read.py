"""A file → the plan's models, with the places of all that stands in it. Nothing outside of the one file is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from yett.openapi.json_types import is_object
from yett.openapi.load import Document
from yett.openapi.problem import Place, Problem, Problems
from yett.policy.errors import problems_of
from yett.policy.findings import PlanError
from yett.policy.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan that is sound in itself, and where each part of it stands."""

    path: Path
    plan: Plan
    document: Document

    @property
    def folder(self) -> Path:
        """What relative paths in the plan are relative to."""
        return self.path.parent

    def place(self, *pointer: str | int, key: bool = False) -> Place:
        """Where a part of the plan stands."""
        return self.document.place(tuple(map(str, pointer)), key=key)


def read_plan(path: Path) -> PlanFile:
    """Read the plan at `path`.

    Raises `PlanError` with everything that is wrong with it.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        found = f"no plan that can be read at {path} ({error.strerror})"
        raise PlanError(
            [Problem(Place(str(path), 1, 1), found, "a plan; `yett init openapi.yaml` writes one")]
        ) from None
    problems = Problems()
    document = Document(str(path), text, problems)
    if problems.errors:
        raise PlanError(problems.errors)
    try:
        plan = Plan.model_validate(document.root)
    except ValidationError as error:
        raise PlanError(problems_of(error, Plan, document)) from None
    return PlanFile(path, plan, document)


def named_descriptions(path: Path) -> list[str]:
    """The descriptions that a plan names, as far as it can be read at all."""
    try:
        root = Document(str(path), path.read_bytes(), Problems()).root
    except OSError:
        return []
    apis = root.get("apis") if is_object(root) else None
    named = [entry.get("openapi") for entry in apis.values() if is_object(entry)] if is_object(apis) else []
    return [name for name in named if isinstance(name, str)]
