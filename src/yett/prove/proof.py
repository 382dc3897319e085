"""A whole proof of a plan: every reason of the catalogue, at the reader, at the engine, through an own gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from yett.prove.cases import Reason
from yett.prove.judge import prove_at_engine
from yett.prove.reader import prove_at_reader
from yett.prove.row import Row
from yett.prove.world import World


@dataclass(frozen=True, slots=True)
class Report:
    """All rows, and how long they took."""

    plan: str
    rows: list[Row]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing fell short."""
        return not any(row.falls_short for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """As the published schema has it."""
        return {
            "plan": self.plan,
            "holds": self.holds,
            "seconds": round(self.seconds, 3),
            "rows": [row.as_json() for row in self.rows],
        }


def prove_in_process(world: World, reasons: Sequence[Reason], tell: Callable[[str], None]) -> list[Row]:
    """Every case that needs no socket; `tell` hears of each reason."""
    rows: list[Row] = []
    for reason in reasons:
        tell(reason.id)
        row = Row(reason)
        for case in reason.cases:
            if reason.level == "bytes":
                row.proofs.append(prove_at_reader(case))
            elif reason.level in ("request", "reply"):
                row.proofs.append(prove_at_engine(case, reason, world))
        rows.append(row)
    return rows


def report(world: World, rows: list[Row], began: float) -> Report:
    """What stands at the end."""
    return Report(world.compiled.hash, rows, time.monotonic() - began)
