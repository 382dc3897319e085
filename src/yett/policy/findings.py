"""What check says about a plan: problems that refuse it, and findings that are told. No judging here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yett.openapi.problem import Place, Problem

Kind = Literal["warning", "danger", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the author should know: a `warning` (an error with --strict), a `danger` that was asked for, a `note`."""

    kind: Kind
    place: Place
    text: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.place}: {self.kind}: {self.text}"


class PlanError(Exception):
    """A plan that cannot be used; `problems` holds everything that is wrong with it and its descriptions, by place."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep `problems`, sorted and without repeats."""
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
