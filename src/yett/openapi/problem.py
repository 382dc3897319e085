"""What is wrong with a description, as objects with a place; no reading and no judging here.

Every stage collects into one `Problems`, so that a user sees everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column count from 1, `pointer` is a JSON pointer (RFC 6901)."""

    file: str
    line: int
    column: int
    pointer: str = ""

    def __str__(self) -> str:
        """`file:line:column`, as editors and compilers print it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where, what was found there, what was expected."""

    place: Place
    found: str
    expected: str

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"{self.place}: found {self.found}, expected {self.expected}"


class DescriptionError(Exception):
    """A description that cannot be used; `problems` holds all that was found, by place, `files` all that was tried."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep `problems`, sorted and without repeats."""
        self.problems = sorted(set(problems))
        self.files: tuple[Path, ...] = ()
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Problems:
    """Collects problems: `errors` refuse the description, `warnings` are told and do not."""

    errors: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])

    def error(self, place: Place, found: str, expected: str) -> None:
        """Record what makes the description invalid."""
        self.errors.append(Problem(place, found, expected))

    def warn(self, place: Place, found: str, expected: str) -> None:
        """Record what the author should know."""
        self.warnings.append(Problem(place, found, expected))

    def __iter__(self) -> Iterator[Problem]:
        """The errors."""
        return iter(self.errors)

    def hold(self) -> None:
        """Go on only if nothing is wrong so far; raises `DescriptionError`."""
        if self.errors:
            raise DescriptionError(self.errors)


def shown(value: object, limit: int = 60) -> str:
    """A value as an error prints it: JSON-like, short."""
    match value:
        case dict():
            return "an object"
        case list():
            return "an array"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            text = repr(value)
            return text if len(text) <= limit else text[: limit - 2] + "…" + text[0]
        case _:
            return str(value)[:limit]
