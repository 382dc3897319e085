"""The operations of one description as a plan names them: by operationId, or as `GET /path`. Nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from yett.openapi import Description, Operation
from yett.openapi.problem import Place, Problems
from yett.policy.names import one_of


class Names:
    """Finds operations by the names that a plan uses."""

    def __init__(self, description: Description, problems: Problems) -> None:
        """Index the operations of `description`; names of none become `problems`."""
        self._problems = problems
        self._known = {f"{each.method} {each.path}": number for number, each in enumerate(description.operations)}
        self._known |= {each.id: number for number, each in enumerate(description.operations)}
        self._ids = [each.id for each in description.operations]

    def find(self, name: str, place: Place) -> int | None:
        """The index of an operation; none, and a problem, if there is none of that name."""
        method, space, path = name.partition(" ")
        number = self._known.get(name, self._known.get(f"{method.upper()} {path.strip()}"))
        if number is None:
            known = self._known if space else self._ids
            self._problems.error(place, f"the unknown operation {name!r}", one_of(name, known))
        return number


def grouped(operations: Iterable[tuple[str, Operation]]) -> dict[str, list[Operation]]:
    """Operations by what is said of them, in the order of the first."""
    groups: dict[str, list[Operation]] = {}
    for said, operation in operations:
        groups.setdefault(said, []).append(operation)
    return groups
