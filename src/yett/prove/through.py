"""Plays attacks and twins through a real gateway's socket; exact reasons come from its evidence, by trace id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, Reason
from yett.prove.judge import attacked, passed
from yett.prove.message import Message, benign, with_reply
from yett.prove.own import OwnGateway
from yett.prove.play import Outcome, addresses, attack, turns, twin
from yett.prove.reader import connection_of
from yett.prove.row import Proof, State
from yett.prove.site import NoPlaceError, Site
from yett.prove.stub import Stub
from yett.prove.wire import aimed, converse, head, new_trace, written
from yett.prove.world import NOW, World

PLACE = "gateway"


@dataclass(frozen=True, slots=True)
class Trace:
    """Under which trace a message went, and whether it reached the upstream."""

    id: str
    arrived: bool


@dataclass(frozen=True, slots=True)
class Awaited:
    """What was played and waits for its evidence."""

    proof: Proof
    reason: Reason
    site: str
    attack: Trace
    twin: Trace


@dataclass
class Through:
    """One run through one gateway."""

    world: World
    gateway: OwnGateway
    stub: Stub
    of_bytes: frozenset[str] = frozenset()
    awaited: list[Awaited] = field(default_factory=list[Awaited])
    _peers: Iterator[str] = field(default_factory=lambda: addresses(127, 16))
    _number: int = 0

    def play(self, case: Case, reason: Reason, site: Site) -> Proof:
        """Send attack and twin of a case; the proof is complete after `settle`."""
        proof = Proof(case.name, PLACE)
        try:
            changed = attack(case, site, self.world, reason.level)
            unchanged = twin(case, site, self.world, reason.level)
        except (NoPlaceError, NoExampleError) as error:
            proof.tell(str(error))
            return proof
        sent = self.send(changed), self.send(unchanged)
        self.awaited.append(Awaited(proof, reason, site.name, *sent))
        return proof

    def play_bytes(self, case: Case, reason: Reason, site: Site) -> Proof:
        """The same for a case of level `bytes`, whose head asks for an operation of the plan where it can be read."""
        proof, connection = Proof(case.name, PLACE), connection_of(case)
        sent = [self._send_bytes(octets, site) for octets in (connection.attack, connection.twin)]
        self.awaited.append(Awaited(proof, reason, site.name, *sent))
        return proof

    def send(self, message: Message) -> Trace:
        """Send every turn of a message; the trace of the last one."""
        self._number += 1
        heard, trace_id = None, ""
        if message.reply is None:
            message = with_reply(message)
        for sent in turns(message, self._peers, f"proof-{self._number}"):
            trace_id = new_trace()
            self.stub.tell(trace_id, sent.reply)
            heard = converse(self.gateway.address, sent.peer, written(sent, trace_id))
        arrived = self.stub.saw(trace_id)
        return Trace(heard.trace_id or trace_id if heard and not arrived else trace_id, arrived)

    def _send_bytes(self, octets: bytes, site: Site) -> Trace:
        trace_id = new_trace()
        return self.send_octets(aimed(octets, self.head(site, trace_id)), trace_id, ends=True)

    def send_octets(self, octets: bytes, trace_id: str, *, ends: bool = False) -> Trace:
        """Send octets as they are; the trace is the one that the answer names, else this one."""
        heard = converse(self.gateway.address, next(self._peers), octets, ends=ends)
        arrived = self.stub.saw(trace_id)
        return Trace(heard.trace_id or trace_id if not arrived else trace_id, arrived)

    def head(self, site: Site, trace_id: str) -> bytes:
        """Request line and fields of a benign request without its framing, its body and the empty line."""
        self._number += 1
        message = benign(site, self.world.issuer, self.world.store)
        return head(message.sent(NOW, f"proof-{self._number}", ""), trace_id)

    def settle(self) -> None:
        """Wait for the evidence of all that was sent, and judge it."""
        self.gateway.lines.wait_for(trace.id for each in self.awaited for trace in (each.attack, each.twin))
        for each in self.awaited:
            self._judge(each)
        self.awaited.clear()

    def _judge(self, each: Awaited) -> None:
        outcome, benign_outcome = (self.gateway.lines.outcome(trace.id) for trace in (each.attack, each.twin))
        state = attacked(outcome, each.reason.id)
        if each.attack.arrived and each.reason.level in ("bytes", "request") and state == State.HOLDS:
            state, outcome = State.FALLS_SHORT, replace(outcome, verdict="forwarded", reason=None)
        twin_state = self._twin(each, benign_outcome)
        each.proof.add(state, twin_state, State.NOTHING)
        if state == State.FALLS_SHORT:
            each.proof.tell(f"{each.site}: the attack was {outcome}")
        if twin_state == State.FALLS_SHORT:
            each.proof.tell(f"{each.site}: the twin was {benign_outcome}")

    def _twin(self, each: Awaited, outcome: Outcome) -> State:
        """At the level of bytes, whatever came past the reader; before the reply, whatever arrived."""
        if each.reason.level == "bytes":
            past = outcome.verdict != "unknown" and outcome.reason not in self.of_bytes
            return State.HOLDS if past or each.twin.arrived else State.FALLS_SHORT
        if each.reason.level == "request" and each.twin.arrived:
            return State.HOLDS
        return passed(outcome, each.reason.id)
