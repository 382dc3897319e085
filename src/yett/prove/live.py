"""Plays attacks, and twins that read, against a gateway that runs; what cannot be shown there is said, never passed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, Reason
from yett.prove.endpoint import EVIDENCE_SECONDS, Answered, Endpoint, LiveError
from yett.prove.evidence import Lines
from yett.prove.judge import attacked, passed
from yett.prove.message import Message, Sent, benign
from yett.prove.play import Outcome, attack, find_sites, twin
from yett.prove.real import show_real, variable
from yett.prove.row import Proof, Row, State
from yett.prove.site import NoPlaceError, Site
from yett.prove.wire import aimed, head, written
from yett.prove.world import World

PLACE = "live"
READING = ("GET", "HEAD", "OPTIONS")
_ELSEWHERE = {
    "reply": "the running gateway's upstream cannot be changed",
    "gateway": "faults are not provoked on a running gateway",
}
_NOT_HERE = {"limit.exceed": "limits are not exhausted on a running gateway", "peer.proxy": "no proxy is at hand"}
_WOULD_WRITE = "its twin would write"
_NO_EVIDENCE = "without --evidence a refusal is not known to be the right one"
_NO_LINE = "evidence has no line of it"
_NO_ANSWER = "without --evidence only an answer of the API itself shows that its twin passes"
# Steps that refuse a credential, and those whose attacks must not get as far as that.
_BY_CREDENTIAL = ("authenticate.", "authorize.")
_BEFORE_CREDENTIALS = ("admit.", "authenticate.")

Judged = tuple[State, str | None]
"""A state, and why where it is not that something holds."""


@dataclass(frozen=True, slots=True)
class Played:
    """What was sent and heard, until evidence says more."""

    proof: Proof
    reason: Reason
    site: str
    attack: Answered
    twin: Answered | None


@dataclass
class Live:
    """One run against one gateway; `evidence`: the file that it writes."""

    world: World
    endpoint: Endpoint
    evidence: Path | None
    played: list[Played] = field(default_factory=list[Played])

    def prove(self, reasons: Sequence[Reason], tell: Callable[[str], None]) -> list[Row]:
        """Play what can be played. Raises `LiveError`, `CaseError`."""
        lines = None if self.evidence is None else Lines(self.evidence, from_end=True)
        self.endpoint.make_sure(self.world, lines)
        self._check_credentials(lines)
        rows = [Row(reason) for reason in reasons]
        for row in rows:
            tell(row.reason.id)
            row.proofs.extend(self._prove(case, row.reason) for case in row.reason.cases)
        if lines is not None:
            lines.wait_for((trace for each in self.played for trace in _traces(each)), EVIDENCE_SECONDS)
        for each in self.played:
            _judge(each, lines)
        return rows

    def _prove(self, case: Case, reason: Reason) -> Proof:
        proof = Proof(case.name, PLACE)
        why = _ELSEWHERE.get(reason.level) or next(
            (_NOT_HERE[change.verb] for change in case.changes if change.verb in _NOT_HERE), None
        )
        missing: list[str] = []
        sites = find_sites(case, self.world)
        if not sites and case.connection is None:
            return proof
        if why is not None:
            proof.not_played(why)
            return proof
        for site in sorted(sites, key=lambda site: site.plan["method"] not in READING):
            try:
                self._play(proof, case, reason, site)
            except (NoPlaceError, NoExampleError) as error:
                missing.append(f"{site.name}: {error}" if isinstance(error, NoExampleError) else str(error))
                continue
            return proof
        for each in missing:
            proof.not_played(each)
        return proof

    def _check_credentials(self, lines: Lines | None) -> None:
        """Show what the environment holds once, where it reads. Raises `LiveError` where a credential is refused."""
        seen: set[tuple[int, tuple[str, ...]]] = set()
        for site in self.world.sites:
            names = tuple(demand["credential"] for demand in site.demands)
            reads = site.plan["method"] in READING and site.plan["closed"] is None
            if not names or not reads or (site.api_index, names) in seen:
                continue
            try:
                message = self._live(benign(site, self.world.issuer, self.world.store))
                show_real(message, ())
            except (NoPlaceError, NoExampleError):
                continue
            seen.add((site.api_index, names))
            answered = self._send(message)
            if answered[1].status == 401 and answered[1].is_refusal:
                if lines is not None:
                    lines.wait_for([answered[0]], EVIDENCE_SECONDS)
                variables = " and ".join(map(variable, names))
                raise LiveError(f"{variables}: the credential is refused, at {site.name}: {_told(answered, lines)}")

    def _play(self, proof: Proof, case: Case, reason: Reason, site: Site) -> None:
        if case.connection is not None:
            if site.plan["method"] not in READING or _writes(case.connection.twin):
                raise NoPlaceError(_WOULD_WRITE)
            sent = [self._send_bytes(octets, site) for octets in (case.connection.attack, case.connection.twin)]
            self.played.append(Played(proof, reason, site.name, sent[0], sent[1]))
            return
        changed, unchanged = (self._live(each(case, site, self.world, reason.level)) for each in (attack, twin))
        show_real(changed, case.changes)
        show_real(unchanged, ())
        heard = self._send(changed)
        reads = unchanged.method in READING
        self.played.append(Played(proof, reason, site.name, heard, self._send(unchanged) if reads else None))

    def _live(self, message: Message) -> Message:
        """For the host of the running gateway, where the API answers for any."""
        if message.authority == message.site.host and "*" in message.site.api["hosts"]:
            message.authority = self.endpoint.authority
        return message

    def _send(self, message: Message) -> Answered:
        return self.endpoint.ask(lambda trace_id: written(_sent(message), trace_id))

    def _send_bytes(self, octets: bytes, site: Site) -> Answered:
        message = self._live(benign(site, self.world.issuer, self.world.store))
        show_real(message, ())
        return self.endpoint.ask(lambda trace_id: aimed(octets, head(_sent(message), trace_id)), ends=True)


def _writes(octets: bytes) -> bool:
    """Whether a request that goes out as it stands, not to the operation, is none that reads."""
    return aimed(octets, b"") == octets and not octets.lstrip().startswith(
        tuple(f"{each} ".encode() for each in READING)
    )


def _sent(message: Message) -> Sent:
    return message.sent(int(time.time()), "proof", "")


def _traces(played: Played) -> list[str]:
    return [played.attack[0], *([played.twin[0]] if played.twin else [])]


def _judge(each: Played, lines: Lines | None) -> None:
    attack_state, attack_why = _attacked(each, lines)
    twin_state, twin_why = _passed(each, lines)
    each.proof.add(attack_state, twin_state, State.UNPROVEN)
    for why in (attack_why, twin_why):
        if why is not None:
            each.proof.tell(why)


def _outcome(sent: Answered, lines: Lines | None) -> Outcome:
    return Outcome("unknown", None) if lines is None else lines.outcome(sent[0])


def _attacked(each: Played, lines: Lines | None) -> Judged:
    outcome, (_, heard) = _outcome(each.attack, lines), each.attack
    short = f"{each.site}: the attack got {_told(each.attack, lines)}"
    if outcome.verdict == "unknown":
        # Without its line, a refusal is not known to be the right one; but what succeeded was not refused.
        if 200 <= heard.status < 300:
            return State.FALLS_SHORT, short
        return State.UNPROVEN, _NO_EVIDENCE if lines is None else _NO_LINE
    earlier = _earlier(outcome, each.reason.id)
    if earlier is not None:
        return State.UNPROVEN, earlier
    state = attacked(outcome, each.reason.id)
    return state, short if state == State.FALLS_SHORT else None


def _earlier(outcome: Outcome, reason: str) -> str | None:
    """What refused before the step of the reason was reached; none where that step was reached."""
    refused = outcome.reason or ""
    if refused == reason:
        return None
    if refused.startswith("limit."):
        return f"refused by {refused} before"
    if refused.startswith(_BY_CREDENTIAL) and not reason.startswith((*_BEFORE_CREDENTIALS, refused.split(".")[0])):
        return f"the credential of the environment is refused by {refused}"
    return None


def _passed(each: Played, lines: Lines | None) -> Judged:
    if each.twin is None:
        return State.UNPROVEN, _WOULD_WRITE
    outcome, (_, heard) = _outcome(each.twin, lines), each.twin
    if outcome.verdict == "unknown":
        if 200 <= heard.status < 400:
            return State.HOLDS, None
        return State.UNPROVEN, _NO_ANSWER if lines is None else _NO_LINE
    refused = outcome.reason or ""
    short = f"{each.site}: the twin got {_told(each.twin, lines)}"
    if each.reason.level == "bytes":
        # It came past the reader, whatever the operation says of it.
        return (State.FALLS_SHORT, short) if refused == each.reason.id else (State.HOLDS, None)
    if refused.startswith(("limit.", *_BY_CREDENTIAL)):
        return State.UNPROVEN, f"its twin was refused by {refused}"
    state = passed(outcome, each.reason.id)
    return state, short if state == State.FALLS_SHORT else None


def _told(sent: Answered, lines: Lines | None) -> str:
    outcome = _outcome(sent, lines)
    return f"status {sent[1].status}" + ("" if outcome.verdict == "unknown" else f", {outcome}")
