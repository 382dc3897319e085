"""What check says about a plan: problems that refuse it, and findings that are told. No judging here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
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
    """A plan that cannot be used; `problems` holds everything that is wrong with it and its descriptions, by place.

    `files` are all that were read or looked for: it may be mended in any of them.
    """

    def __init__(self, problems: list[Problem], files: Iterable[Path] = ()) -> None:
        """Keep `problems`, sorted and without repeats."""
        self.files = tuple(files)
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))
