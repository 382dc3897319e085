"""What a proof came to: one row a reason, one proof a case and place. Counts and words only; nothing is played here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from yett.prove.cases import Reason

MOST_TOLD = 5


class State(StrEnum):
    """How one column of a row came out. Only `FALLS_SHORT` makes a proof fail."""

    HOLDS = "holds"
    FALLS_SHORT = "falls short"
    REPORTED = "reported"
    HELD_TWICE = "held twice"
    NOTHING = "nothing to ablate"
    ABSENT = "not in this plan"
    UNPROVEN = "not proven here"


# The first that occurs among several decides: an attack or a twin holds where it holds everywhere.
_WORST_FIRST = (State.FALLS_SHORT, State.REPORTED, State.UNPROVEN, State.HOLDS)
# What an ablation shows once is shown.
_SHOWN_FIRST = (State.FALLS_SHORT, State.HOLDS, State.REPORTED, State.HELD_TWICE, State.NOTHING, State.UNPROVEN)


def joined(states: Iterable[State]) -> State:
    """One state of attacks or of twins for several."""
    return _first(_WORST_FIRST, states)


def joined_ablations(states: Iterable[State]) -> State:
    """One state of ablations for several."""
    return _first(_SHOWN_FIRST, states)


def _first(order: tuple[State, ...], states: Iterable[State]) -> State:
    seen = set(states)
    return next((state for state in order if state in seen), State.ABSENT)


@dataclass
class Proof:
    """One case at one place (`engine`, `reader`, `gateway`, `live`), at so many operations; `told`: what fell short."""

    case: str
    place: str
    sites: int = 0
    attack: State = State.ABSENT
    twin: State = State.ABSENT
    ablation: State = State.ABSENT
    told: list[str] = field(default_factory=list[str])

    def add(self, attack: State, twin: State, ablation: State) -> None:
        """Count one more site."""
        self.sites += 1
        self._join(attack, twin, ablation)

    def not_played(self, why: str) -> None:
        """Something could not be played: it is not counted, and nothing holds because of it."""
        self.tell(why)
        self._join(State.UNPROVEN, State.UNPROVEN, State.UNPROVEN)

    def _join(self, attack: State, twin: State, ablation: State) -> None:
        self.attack = joined([self.attack, attack])
        self.twin = joined([self.twin, twin])
        self.ablation = joined_ablations([self.ablation, ablation])

    def tell(self, text: str, *, first: bool = False) -> None:
        """Say what was found, unless enough was said; what fell short comes `first`."""
        if text not in self.told:
            self.told.insert(0 if first else len(self.told), text)
            del self.told[MOST_TOLD:]

    def as_json(self) -> dict[str, Any]:
        """As the published schema has it."""
        return {
            "case": self.case,
            "place": self.place,
            "operations": self.sites,
            "attack": self.attack,
            "twin": self.twin,
            "ablation": self.ablation,
            "told": self.told,
        }


@dataclass
class Row:
    """Everything that was proven of one reason."""

    reason: Reason
    proofs: list[Proof] = field(default_factory=list[Proof])

    @property
    def attack(self) -> State:
        """Whether every attack was refused, with exactly this reason."""
        return joined(proof.attack for proof in self.proofs)

    @property
    def twin(self) -> State:
        """Whether every twin passed."""
        return joined(proof.twin for proof in self.proofs)

    @property
    def ablation(self) -> State:
        """Whether the attack goes through where the check is taken out."""
        if self.reason.kind == "fault" and self.attack not in (State.ABSENT, State.UNPROVEN):
            return State.NOTHING
        return joined_ablations(proof.ablation for proof in self.proofs if proof.ablation != State.NOTHING)

    @property
    def falls_short(self) -> bool:
        """Whether the proof of this reason failed."""
        return State.FALLS_SHORT in (self.attack, self.twin, self.ablation)

    @property
    def is_proven(self) -> bool:
        """Whether every attack was refused, and every twin passed."""
        return (self.attack, self.twin) == (State.HOLDS, State.HOLDS) and not self.falls_short

    @property
    def is_unproven(self) -> bool:
        """Whether something of it could not be played, or nothing says what became of it."""
        return State.UNPROVEN in (self.attack, self.twin) and not self.falls_short and self.attack != State.REPORTED

    def why_unproven(self) -> set[str]:
        """What its proofs say of that."""
        return {text for proof in self.proofs if State.UNPROVEN in (proof.attack, proof.twin) for text in proof.told}

    def as_json(self) -> dict[str, Any]:
        """As the published schema has it."""
        return {
            "reason": self.reason.id,
            "control": self.reason.control,
            "kind": self.reason.kind,
            "attack": self.attack,
            "twin": self.twin,
            "ablation": self.ablation,
            "level": self.reason.level,
            "proofs": [proof.as_json() for proof in self.proofs],
        }
