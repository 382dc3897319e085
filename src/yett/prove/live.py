"""Plays attacks, and twins that read, against a gateway that runs; what cannot be shown there is said, never passed."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, Reason
from yett.prove.evidence import Lines
from yett.prove.judge import attacked, passed
from yett.prove.message import Message, Sent, benign
from yett.prove.play import Outcome, attack, find_sites, twin
from yett.prove.real import show_real
from yett.prove.row import Proof, Row, State
from yett.prove.site import NoPlaceError, Site
from yett.prove.wire import Heard, aimed, connect, converse_on, head, new_trace, written
from yett.prove.world import World

PLACE = "live"
READING = ("GET", "HEAD", "OPTIONS")
_ELSEWHERE = {
    "reply": "the running gateway's upstream cannot be changed",
    "gateway": "faults are not provoked on a running gateway",
}
_NOT_HERE = {"limit.exceed": "limits are not exhausted on a running gateway", "peer.proxy": "no proxy is at hand"}
_MOST_WAITS = 3
_LONGEST_WAIT = 30
_EVIDENCE_SECONDS = 5.0


class LiveError(Exception):
    """The running gateway cannot be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the gateway is."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Raises `LiveError` for what is no URL of a gateway."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise LiveError(f"found {url!r}, expected http://HOST or https://HOST, without a path")
        return cls(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.scheme == "https")

    @property
    def authority(self) -> str:
        """As Host says it."""
        return f"{self.host}:{self.port}"

    def connect(self) -> socket:
        """A connection. Raises `LiveError`."""
        try:
            plain = connect((self.host, self.port), None)
            return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self.tls else plain
        except OSError as error:
            raise LiveError(f"{self.authority} cannot be reached: {error}") from None


@dataclass(frozen=True, slots=True)
class Played:
    """What was sent and heard, until evidence says more."""

    proof: Proof
    reason: Reason
    site: str
    attack: tuple[str, Heard]
    twin: tuple[str, Heard] | None


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
        rows = [Row(reason) for reason in reasons]
        for row in rows:
            tell(row.reason.id)
            row.proofs.extend(self._prove(case, row.reason) for case in row.reason.cases)
        if lines is not None:
            lines.wait_for((trace for each in self.played for trace in _traces(each)), _EVIDENCE_SECONDS)
        for each in self.played:
            _judge(each, lines)
        return rows

    def _prove(self, case: Case, reason: Reason) -> Proof:
        proof = Proof(case.name, PLACE)
        why = _ELSEWHERE.get(reason.level) or next(
            (_NOT_HERE[change.verb] for change in case.changes if change.verb in _NOT_HERE), None
        )
        if why is not None:
            return _unproven(proof, why)
        for site in sorted(find_sites(case, self.world), key=lambda site: site.plan["method"] not in READING):
            try:
                self._play(proof, case, reason, site)
            except (NoPlaceError, NoExampleError) as error:
                proof.tell(f"{site.name}: {error}")
                continue
            proof.told.clear()
            return proof
        return _unproven(proof, None) if proof.told else proof

    def _play(self, proof: Proof, case: Case, reason: Reason, site: Site) -> None:
        if case.connection is not None:
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

    def _send(self, message: Message) -> tuple[str, Heard]:
        return self._patiently(lambda trace_id: written(_sent(message), trace_id))

    def _send_bytes(self, octets: bytes, site: Site) -> tuple[str, Heard]:
        message = self._live(benign(site, self.world.issuer, self.world.store))
        show_real(message, ())
        return self._patiently(lambda trace_id: aimed(octets, head(_sent(message), trace_id)), ends=True)

    def _patiently(self, octets: Callable[[str], bytes], *, ends: bool = False) -> tuple[str, Heard]:
        """Send, and send again later where the gateway says that it is too much."""
        waits = 0
        while True:
            trace_id = new_trace()
            with self.endpoint.connect() as connection:
                heard = converse_on(connection, octets(trace_id), ends=ends)
            if heard.status != 429 or heard.retry_after is None or waits == _MOST_WAITS:
                return heard.trace_id or trace_id, heard
            time.sleep(min(heard.retry_after, _LONGEST_WAIT))
            waits += 1


def _sent(message: Message) -> Sent:
    return message.sent(int(time.time()), "proof", "")


def _traces(played: Played) -> list[str]:
    return [played.attack[0], *([played.twin[0]] if played.twin else [])]


def _unproven(proof: Proof, why: str | None) -> Proof:
    if why is not None:
        proof.tell(why)
    proof.add(State.UNPROVEN, State.UNPROVEN, State.UNPROVEN)
    return proof


def _judge(each: Played, lines: Lines | None) -> None:
    attack_state = _attacked(each, lines)
    twin_state = _passed(each, lines)
    each.proof.add(attack_state, twin_state, State.UNPROVEN)
    if attack_state == State.FALLS_SHORT:
        each.proof.tell(f"{each.site}: the attack got {_told(each.attack, lines)}")
    if twin_state == State.FALLS_SHORT and each.twin is not None:
        each.proof.tell(f"{each.site}: the twin got {_told(each.twin, lines)}")


def _outcome(sent: tuple[str, Heard], lines: Lines | None) -> Outcome:
    return Outcome("unknown", None) if lines is None else lines.outcome(sent[0])


def _attacked(each: Played, lines: Lines | None) -> State:
    outcome, (_, heard) = _outcome(each.attack, lines), each.attack
    if outcome.verdict == "unknown":
        # Without its line, a refusal is not known to be the right one; but what succeeded was not refused.
        return State.FALLS_SHORT if 200 <= heard.status < 300 else State.UNPROVEN
    return State.UNPROVEN if (outcome.reason or "").startswith("limit.") else attacked(outcome, each.reason.id)


def _passed(each: Played, lines: Lines | None) -> State:
    if each.twin is None:
        return State.UNPROVEN
    outcome, (_, heard) = _outcome(each.twin, lines), each.twin
    if outcome.verdict == "unknown":
        return State.HOLDS if heard.status and not heard.is_refusal else State.UNPROVEN
    refused = outcome.reason or ""
    if each.reason.level == "bytes":
        # It came past the reader, whatever the operation says of it.
        return State.FALLS_SHORT if refused == each.reason.id else State.HOLDS
    if refused.startswith(("limit.", "authenticate.", "authorize.")):
        return State.UNPROVEN
    return passed(outcome, each.reason.id)


def _told(sent: tuple[str, Heard], lines: Lines | None) -> str:
    outcome = _outcome(sent, lines)
    return f"status {sent[1].status}" + ("" if outcome.verdict == "unknown" else f", {outcome}")
