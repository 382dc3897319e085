"""Faults, provoked at an own gateway with short timeouts before an upstream that misbehaves; each has a twin."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import partial
from typing import Any

from yett.openapi.example import NoExampleError
from yett.prove.cases import Case, CaseError
from yett.prove.message import benign, with_reply
from yett.prove.own import OwnGateway, proof_folder
from yett.prove.row import Proof, Row
from yett.prove.shell import SHELL_FAULTS, silent_port, with_key_url
from yett.prove.site import Site
from yett.prove.stub import Behaviour, Stub
from yett.prove.through import PLACE, Awaited, Through, Trace
from yett.prove.wire import connect, hear, new_trace
from yett.prove.world import World

PATIENCE = 1000
CONNECTIONS = 8
HELD = 64 * 1024

Document = dict[str, Any]
Provoke = Callable[["Faults", Site], Trace]


class Faults:
    """Provokes the faults of a plan."""

    def __init__(self, world: World) -> None:
        """Nothing runs yet."""
        self._world = world
        self._sites = list(_benign_sites(world))

    def prove(self, rows: Sequence[Row], tell: Callable[[str], None]) -> None:
        """Provoke every fault of these rows. Raises `CaseError`, `OwnGatewayError`, `CannotServe`."""
        with ExitStack() as stack:
            folder, stub = stack.enter_context(proof_folder()), stack.enter_context(Stub().serving())
            gateway = OwnGateway(self._world, folder, stub.url, deadline=PATIENCE)
            self._plan = _impatient(gateway.document())
            stack.enter_context(gateway.serving(self._plan))
            self._through = Through(self._world, gateway, stub)
            for row in rows:
                tell(row.reason.id)
                row.proofs.extend(self._prove(case, row) for case in row.reason.cases)
                self._through.settle()

    def _prove(self, case: Case, row: Row) -> Proof:
        if case.fault in SHELL_FAULTS:
            return SHELL_FAULTS[case.fault](case, self._world, self._sites)
        provoke = PROVOKE.get(case.fault or "")
        if provoke is None:
            expected = ", ".join(sorted([*PROVOKE, *SHELL_FAULTS]))
            raise CaseError(f"{case.reason}, {case.name}: found fault = {case.fault!r}, expected one of {expected}")
        proof = Proof(case.name, PLACE)
        site = next((site for site in self._sites if _fits(case.fault or "", site)), None)
        if site is None:
            return proof
        twin = self._through.send(with_reply(benign(site, self._world.issuer, self._world.store)))
        attack = provoke(self, site)
        self._through.awaited.append(Awaited(proof, row.reason, site.name, attack, twin))
        return proof

    # provocations

    def misbehaving(self, site: Site, behaviour: Behaviour) -> Trace:
        """A benign request whose answer is none."""
        trace_id = new_trace()
        self._through.stub.tell(trace_id, None, behaviour)
        return self._send(site, trace_id)

    def nobody(self, site: Site) -> Trace:
        """A benign request while nobody listens where the upstream should be."""
        with _closed_port() as port, self._changed(lambda document: _moved(document, port)):
            return self._send(site, new_trace())

    def keys_silent(self, site: Site) -> Trace:
        """A benign request with a token while the key set does not arrive."""
        with silent_port() as port, self._changed(lambda document: with_key_url(document, port, PATIENCE * 10)):
            return self._send(site, new_trace())

    def half_head(self, _: Site) -> Trace:
        """A head that stops in the middle."""
        return self._through.send_octets(b"GET / HTTP/1.1\r\nHost: proof.exam", new_trace())

    def half_body(self, site: Site) -> Trace:
        """A body that stops in the middle."""
        trace_id = new_trace()
        head = self._through.head(site, trace_id)
        return self._through.send_octets(head + b"Content-Length: 10\r\n\r\n{", trace_id)

    def bodies(self, site: Site) -> Trace:
        """A body that is larger than all that may be held."""
        trace_id, body = new_trace(), b" " * (HELD + 1)
        head = self._through.head(site, trace_id)
        octets = head + f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        return self._through.send_octets(octets, trace_id)

    def connections(self, _: Site) -> Trace:
        """One connection more than the plan allows."""
        address = self._through.gateway.address
        with ExitStack() as stack:
            for _number in range(CONNECTIONS):
                stack.enter_context(connect(address, None))
            heard = hear(stack.enter_context(connect(address, None)))
        return Trace(heard.trace_id or "", False)

    def _send(self, site: Site, trace_id: str) -> Trace:
        head = self._through.head(site, trace_id)
        request = site.request
        media = "".join(f"{name}: {value}\r\n" for name, value in request.headers if name.lower() == "content-type")
        length = "" if request.body is None else f"Content-Length: {len(request.body)}\r\n"
        octets = head + f"{media}{length}Connection: close\r\n\r\n".encode("latin-1") + (request.body or b"")
        return self._through.send_octets(octets, trace_id)

    @contextmanager
    def _changed(self, change: Callable[[Document], None]) -> Generator[None]:
        """Another plan within the context."""
        document = deepcopy(self._plan)
        change(document)
        self._through.gateway.swap(document)
        try:
            yield
        finally:
            self._through.gateway.swap(self._plan)


PROVOKE: dict[str, Provoke] = {
    "upstream.garbage": partial(Faults.misbehaving, behaviour="garbage"),
    "upstream.closing": partial(Faults.misbehaving, behaviour="closing"),
    "upstream.silent": partial(Faults.misbehaving, behaviour="silent"),
    "upstream.down": Faults.nobody,
    "keys.silent": Faults.keys_silent,
    "client.head": Faults.half_head,
    "client.body": Faults.half_body,
    "client.bodies": Faults.bodies,
    "client.connections": Faults.connections,
}


def _fits(fault: str, site: Site) -> bool:
    if fault == "keys.silent":
        return site.kinds() == {"jwt"}
    if fault == "client.bodies":
        return site.api["contract"]["body_bytes"] > HELD
    return True


def _benign_sites(world: World) -> Iterator[Site]:
    """The operations that can be asked for and answered, those without a body first."""
    for site in sorted(world.sites, key=lambda site: site.plan["body"] is not None):
        try:
            if site.plan["closed"] is None and site.request and site.answer is not None:
                yield site
        except NoExampleError:
            continue


def _impatient(document: Document) -> Document:
    document["gateway"]["timeouts"] |= {"head": PATIENCE, "body": PATIENCE}
    document["gateway"] |= {"held_bytes": HELD, "connections": CONNECTIONS}
    for api in document["apis"]:
        api["upstream"] |= {"timeout": PATIENCE, "connect": PATIENCE}
    return document


def _moved(document: Document, port: int) -> None:
    for api in document["apis"]:
        api["upstream"]["urls"] = [f"http://127.0.0.1:{port}"]


@contextmanager
def _closed_port() -> Generator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
