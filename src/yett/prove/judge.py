"""Judges what was played: was an attack stopped for exactly its reason, did its twin pass, did ablation let it in."""

from __future__ import annotations

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, Reason
from yett.prove.play import Outcome, Played, at_engine, find_sites
from yett.prove.row import Proof, State
from yett.prove.site import NoPlaceError, Site
from yett.prove.world import World


def attacked(outcome: Outcome, reason: str) -> State:
    """Refused for this reason; or altered, so that what it wants does not leave; or, by the plan, only reported."""
    if outcome.reason == reason or reason in outcome.altered:
        return State.HOLDS
    if outcome.went_on and reason in outcome.reported:
        return State.REPORTED
    return State.FALLS_SHORT


def passed(outcome: Outcome, reason: str) -> State:
    """Went on, and nothing was said against it for this reason."""
    clean = outcome.went_on and reason not in (*outcome.reported, *outcome.altered)
    return State.HOLDS if clean else State.FALLS_SHORT


def ablated(outcome: Outcome | None, reason: str) -> State:
    """Went on; or another check held it, which is a second lock on the same door."""
    if outcome is None:
        return State.NOTHING
    if outcome.went_on:
        return passed(outcome, reason)
    return State.FALLS_SHORT if outcome.reason in (reason, None) else State.HELD_TWICE


def prove_at_engine(case: Case, reason: Reason, world: World) -> tuple[Proof, Site | None]:
    """Play a case at every site that has what it needs; with the first at which all of it holds, else the first."""
    proof, sites = Proof(case.name, "engine"), list[tuple[bool, Site]]()
    for site in find_sites(case, world):
        try:
            played = at_engine(case, site, world, reason.level)
        except NoPlaceError:
            continue
        except NoExampleError as error:
            proof.not_played(f"{site.name}: {error}")
            continue
        sites.append((add(proof, played), site))
    return proof, max(sites, key=lambda each: each[0])[1] if sites else None


def add(proof: Proof, played: Played) -> bool:
    """Count what was played, and say what fell short; whether all of it holds."""
    reason = played.case.reason
    attack, twin = attacked(played.attack, reason), passed(played.twin, reason)
    ablation = ablated(played.unchecked, reason)
    proof.add(attack, twin, ablation)
    if attack == State.FALLS_SHORT:
        proof.tell(f"{played.site}: the attack was {played.attack}", first=True)
    if twin == State.FALLS_SHORT:
        proof.tell(f"{played.site}: the twin was {played.twin}", first=True)
    if ablation == State.FALLS_SHORT or (ablation == proof.ablation == State.HELD_TWICE):
        text = f"{played.site}: without the check, the attack was {played.unchecked}"
        proof.tell(text, first=ablation == State.FALLS_SHORT)
    return {attack, twin, ablation} <= {State.HOLDS, State.NOTHING}
