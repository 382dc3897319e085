"""Plays every attack and its twin on the shop itself and through Yett, each on fresh state; prints nothing."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from .attacks import ATTACKS, Attack, Outcome, Result, Stage, TwinFailed
from .evidence import Evidence
from .issuer import Issuer
from .shop.database import reset


@dataclass(frozen=True)
class Scene:
    """Where the attacks are played: both places with the state that they share."""

    folder: Path
    shop: str
    gateway: str
    api_key: str


@dataclass(frozen=True)
class Row:
    """What came of one attack and its twin at both places."""

    attack: Attack
    direct: Outcome
    through: Outcome
    reason: str | None
    """What stands in the evidence about an attack that had no effect; `None` where there is no line for it."""
    broken_twins: tuple[str, ...]
    """What was wrong with the benign twin, for each place where it was not served."""

    @property
    def stopped(self) -> bool:
        """Yett took the effect away, and by the evidence for the reason that should, where that is known yet."""
        if self.through.result is Result.succeeded:
            return False
        return bool(self.attack.later) or self.reason == self.attack.stopped_by

    @property
    def holds(self) -> bool:
        """The attack is real, its twin is served at both places, and Yett does what is promised today."""
        real = self.direct.result is Result.succeeded and not self.broken_twins
        return real and self.stopped != bool(self.attack.later)


def play(scene: Scene, attacks: Sequence[Attack] = ATTACKS) -> Iterator[Row]:
    """A row for every attack, as soon as it is played. The twin comes first: an attack may use up a limit."""
    database = scene.folder / "shop.db"
    issuer = Issuer.load(scene.folder)
    evidence = Evidence(scene.folder / "evidence.jsonl")
    with _client(scene.shop) as direct, _client(scene.gateway) as through:
        stages = [Stage(client, issuer, database, scene.api_key) for client in (direct, through)]
        for attack in attacks:
            broken = tuple(filter(None, (_twin(attack, stage) for stage in stages)))
            outcomes = [_attack(attack, stage) for stage in stages]
            yield Row(attack, *outcomes, _reason(evidence, outcomes[1]), broken)


def _client(url: str) -> httpx.Client:
    """A client whose requests each begin a trace, by which their line in the evidence is found."""
    return httpx.Client(base_url=url, trust_env=False, timeout=30, event_hooks={"request": [_begin_trace]})


def _begin_trace(request: httpx.Request) -> None:
    request.headers["traceparent"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _twin(attack: Attack, stage: Stage) -> str:
    """What was wrong with the twin; empty where it was served."""
    reset(stage.database)
    try:
        attack.twin(stage)
    except TwinFailed as failure:
        return f"{stage.client.base_url}: {failure}"
    return ""


def _attack(attack: Attack, stage: Stage) -> Outcome:
    reset(stage.database)
    return attack.play(stage)


def _reason(evidence: Evidence, outcome: Outcome) -> str | None:
    if outcome.result is Result.succeeded or not outcome.trace:
        return None
    return evidence.reason(outcome.trace)
