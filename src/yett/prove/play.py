"""Plays one case at one site: the attack, its twin, and the attack with the check taken out; says what each came to."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, CaseError
from yett.prove.changes import VERBS
from yett.prove.message import Message, Sent, benign, preflight, with_reply
from yett.prove.needs import NEEDS
from yett.prove.site import NoPlaceError, Site
from yett.prove.world import MOST_SITES, NOW, PROXY, World

WENT_ON = ("forwarded", "released", "answered")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to: `verdict` of the engine, the exact reason, and what guards said without refusing."""

    verdict: str
    reason: str | None
    reported: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    body: bytes = b""

    @property
    def went_on(self) -> bool:
        """Whether it reached the upstream, or its reply the client."""
        return self.verdict in WENT_ON

    def __str__(self) -> str:
        """As a row tells it."""
        return f"refused by {self.reason}" if self.reason else self.verdict


@dataclass(frozen=True, slots=True)
class Played:
    """A case at a site. `unchecked` is none for faults, which have no check that could be taken out."""

    case: Case
    site: str
    attack: Outcome
    twin: Outcome
    unchecked: Outcome | None


def find_sites(case: Case, world: World, needs: tuple[str, ...] | None = None) -> list[Site]:
    """Where a case can be played, evenly spread where there are too many. Raises `CaseError` for an unknown need."""
    wanted = case.needs if needs is None else needs
    if unknown := set(wanted) - NEEDS.keys():
        raise CaseError(f"{case.reason}, {case.name}: found needs {sorted(unknown)}, expected some of {sorted(NEEDS)}")
    is_open = ("closed",) if "closed" in wanted else ("open",)
    found = [site for site in world.sites if all(NEEDS[need](site) for need in (*is_open, *wanted))]
    if len(found) <= MOST_SITES:
        return found
    return [found[number * len(found) // MOST_SITES] for number in range(MOST_SITES)]


def start(case: Case, site: Site, world: World, level: str) -> Message:
    """The benign message that a case starts from. Raises `NoPlaceError`, `NoExampleError`."""
    message = benign(site, world.issuer, world.store)
    if case.start == "preflight":
        return preflight(message)
    if level != "reply":
        return message
    message = with_reply(message)
    if message.reply is None:
        raise NoPlaceError("no reply can be made")
    return message


def attack(case: Case, site: Site, world: World, level: str) -> Message:
    """The message after the changes of a case. Raises `NoPlaceError`, `NoExampleError`, `CaseError`."""
    message = start(case, site, world, level)
    for change in case.changes:
        if change.verb not in VERBS:
            raise CaseError(f"{case.reason}, {case.name}: found {change.verb!r}, expected one of {sorted(VERBS)}")
        VERBS[change.verb](message, change.argument)
    return message


def twin(case: Case, site: Site, world: World, level: str) -> Message:
    """The unchanged message; for a case that names another operation as its twin, that one's."""
    if case.twin is None:
        message = start(case, site, world, level)
        changed = attack(case, site, world, level)
        return replace(message, is_from_proxy=changed.is_from_proxy)
    for other in find_sites(case, world, case.twin):
        try:
            return start(case, other, world, level)
        except (NoExampleError, NoPlaceError):
            continue
    raise NoPlaceError(f"no operation has {', '.join(case.twin)}")


def at_engine(case: Case, site: Site, world: World, level: str) -> Played:
    """Play a case in the process. Raises as `attack` does."""
    changed, unchanged = attack(case, site, world, level), twin(case, site, world, level)
    return Played(
        case,
        site.name,
        decide(changed, world, None),
        decide(unchanged, world, None),
        decide(changed, world, case.reason),
    )


def decide(message: Message, world: World, without: str | None) -> Outcome:
    """What the engine says of a message, at its last turn; the counters are empty before."""
    world.prover.forget()
    outcome = Outcome("missing", None)
    for sent in turns(message, addresses(198, 18), "proof"):
        outcome = _read(world.prover.decide(sent.attempt(NOW, without)))
    return outcome


def addresses(first: int, second: int) -> Iterator[str]:
    """Addresses of clients, never one twice."""
    for number in count(1):
        yield f"{first}.{second + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def turns(message: Message, peers: Iterator[str], subject: str) -> Iterator[Sent]:
    """Every request of a message; what varies is another one each time."""
    peer = PROXY if message.is_from_proxy else next(peers)
    for number in range(message.repeats):
        if message.varies == "address" and number:
            peer = next(peers)
        yield message.sent(NOW, f"{subject}-{number}" if message.varies == "subject" else subject, peer)


def _read(judged: bytes) -> Outcome:
    document = json.loads(judged)
    lines = [line for line in document["lines"] if line["reason"] is not None]
    return Outcome(
        document["verdict"],
        document["reason"],
        tuple(line["reason"] for line in lines if line["said"] == "would_refuse"),
        tuple(line["reason"] for line in lines if line["said"] == "altered"),
        b64decode(document["body"]),
    )
