"""A whole proof of a plan: every reason of the catalogue, at the reader, at the engine, through an own gateway."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yett.openapi.example import NoExampleError
from yett.policy.compile import Compiled
from yett.prove.cases import Case, Reason
from yett.prove.endpoint import Endpoint
from yett.prove.faults import Faults
from yett.prove.judge import prove_at_engine
from yett.prove.live import Live
from yett.prove.own import OwnGateway, proof_folder
from yett.prove.reader import prove_at_reader
from yett.prove.row import Row, State
from yett.prove.site import Site
from yett.prove.stub import Stub
from yett.prove.through import Through
from yett.prove.world import World

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Report:
    """All rows, and how long they took."""

    plan: str
    rows: list[Row]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing fell short, and something was shown."""
        return self.shows_something and not any(row.falls_short for row in self.rows)

    @property
    def shows_something(self) -> bool:
        """Whether some attack came out: a proof in which none could be played is no proof."""
        attacks = {row.attack for row in self.rows} - {State.ABSENT}
        return bool(attacks - {State.UNPROVEN})

    def why_unproven(self) -> Counter[str]:
        """Why reasons are not proven here, with the number of reasons."""
        return Counter(why for row in self.rows if row.is_unproven for why in row.why_unproven())

    def as_json(self) -> dict[str, Any]:
        """As the published schema has it."""
        return {
            "plan": self.plan,
            "holds": self.holds,
            "seconds": round(self.seconds, 3),
            "rows": [row.as_json() for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a case was shown in the process, so that it can be shown through a gateway."""

    row: Row
    case: Case
    site: Site


def proven(compiled: Compiled, reasons: Sequence[Reason], seed: int, tell: Tell) -> Report:
    """The proof of a compiled plan. Raises as `prove` does."""
    began = time.monotonic()
    rows = prove(World(compiled, seed), reasons, tell)
    return Report(compiled.hash, rows, time.monotonic() - began)


def proven_live(world: World, reasons: Sequence[Reason], url: str, evidence: Path | None, tell: Tell) -> Report:
    """The proof of a gateway that runs. Raises `CaseError`, `LiveError`."""
    began = time.monotonic()
    rows = Live(world, Endpoint.of(url), evidence).prove(reasons, tell)
    return Report(world.compiled.hash, rows, time.monotonic() - began)


def prove(world: World, reasons: Sequence[Reason], tell: Tell) -> list[Row]:
    """Every case at every place; `tell` hears of each reason. Raises `CaseError`, `OwnGatewayError`, `CannotServe`."""
    rows, shown = prove_in_process(world, reasons, tell)
    with proof_folder() as folder, Stub().serving() as stub:
        gateway = OwnGateway(world, folder, stub.url)
        with gateway.serving(gateway.document()):
            _prove_through(world, Through(world, gateway, stub), rows, shown, tell)
    faults = [row for row in rows if row.reason.level == "gateway"]
    if faults:
        Faults(world).prove(faults, tell)
    return rows


def prove_in_process(world: World, reasons: Sequence[Reason], tell: Tell) -> tuple[list[Row], list[Shown]]:
    """Every case that needs no socket."""
    rows = [Row(reason) for reason in reasons]
    shown: list[Shown] = []
    for row in rows:
        tell(row.reason.id)
        for case in row.reason.cases:
            if row.reason.level == "bytes":
                row.proofs.append(prove_at_reader(case))
            elif row.reason.level in ("request", "reply"):
                proof, site = prove_at_engine(case, row.reason, world)
                row.proofs.append(proof)
                if site is not None:
                    shown.append(Shown(row, case, site))
    return rows, shown


def _prove_through(world: World, through: Through, rows: list[Row], shown: list[Shown], tell: Tell) -> None:
    through.of_bytes = frozenset(row.reason.id for row in rows if row.reason.level == "bytes")
    framed = next(_with_bodies(world), None)
    for row in rows:
        if row.reason.level == "bytes" and framed is not None:
            tell(f"{row.reason.id}, through the gateway")
            row.proofs.extend(through.play_bytes(case, row.reason, framed) for case in row.reason.cases)
    for each in shown:
        tell(f"{each.row.reason.id}, through the gateway")
        each.row.proofs.append(through.play(each.case, each.row.reason, each.site))
    through.settle()


def _with_bodies(world: World) -> Iterator[Site]:
    """The operations whose bodies are read, those that declare one first."""
    for site in sorted(world.sites, key=lambda site: site.plan["body"] is None):
        if site.plan["closed"] is None:
            try:
                _ = site.request
            except NoExampleError:
                continue
            yield site
