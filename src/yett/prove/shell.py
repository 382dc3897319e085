"""Faults that no message from outside provokes: a shell that does not do what the engine asked of it, step by step."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from yett._engine import Clock, Shell, log_errors_only
from yett.prove.cases import Case
from yett.prove.evidence import Lines
from yett.prove.judge import attacked, passed
from yett.prove.message import benign
from yett.prove.own import proof_folder
from yett.prove.play import Outcome, addresses, turns
from yett.prove.row import Proof, State
from yett.prove.site import Site
from yett.prove.world import NOW, World

if TYPE_CHECKING:
    from yett._engine import Request

PLACE = "shell"
_MOST_ROUNDS = 100
Document = dict[str, Any]


@contextmanager
def silent_port() -> Generator[int]:
    """A port on which connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def with_key_url(document: Document, port: int, stale: int) -> None:
    """Fetch every key set from this loopback port; times in milliseconds."""
    url = {"url": f"http://127.0.0.1:{port}/keys", "refresh": stale, "floor": stale, "stale": stale}
    for api in document["apis"]:
        for credential in api["credentials"].values():
            if "jwt" in credential:
                credential["jwt"]["keys"] = {"url": {**url, "timeout": stale, "bytes": 65536}}


def streamed(case: Case, world: World, sites: list[Site]) -> Proof:
    """A body that was to be held, and is streamed: nobody could judge it."""
    site = next((site for site in sites if site.plan["body"] is not None), None)

    def stream(request: Request) -> None:
        if request.head()[0] == "hold":
            request.body(None, True)

    return _prove(case, world, site, lambda _: None, stream)


def forgetful(case: Case, world: World, sites: list[Site]) -> Proof:
    """A key set that is never fetched, though it is asked for again and again."""
    site = next((site for site in sites if site.kinds() == {"jwt"}), None)

    def ask_again(request: Request) -> None:
        for _ in range(_MOST_ROUNDS):
            if request.head()[0] != "fetch":
                return

    with silent_port() as port:
        return _prove(case, world, site, lambda document: with_key_url(document, port, 60_000), ask_again)


def _prove(
    case: Case,
    world: World,
    site: Site | None,
    change: Callable[[Document], None],
    misbehave: Callable[[Request], None],
) -> Proof:
    proof = Proof(case.name, PLACE)
    if site is None:
        return proof
    with proof_folder() as folder:
        attack = _play(world, site, folder / "attack", change, misbehave)
        twin = _play(world, site, folder / "twin", lambda _: None, lambda request: _behave(request, site))
    states = attacked(attack, case.reason), passed(twin, case.reason)
    proof.add(*states, State.NOTHING)
    if State.FALLS_SHORT in states:
        proof.tell(f"{site.name}: the attack was {attack}, the twin was {twin}")
    return proof


def _behave(request: Request, site: Site) -> None:
    if request.head()[0] != "answer":
        request.body(site.request.body)


def _play(
    world: World, site: Site, folder: Path, change: Callable[[Document], None], act: Callable[[Request], None]
) -> Outcome:
    """Begin a benign request at a shell, and do with it what `act` does."""
    folder.mkdir()
    lines, trace, pepper = Lines(folder / "evidence.jsonl"), token_bytes(16), token_bytes(32)
    document = deepcopy(world.document)
    document["gateway"]["evidence"] = [{"file": str(lines.path)}]
    change(document)
    log_errors_only()
    sent = next(turns(benign(site, world.issuer, world.store), addresses(198, 18), "proof"))
    shell = Shell(json.dumps(document).encode(), pepper, Clock.fixed(NOW * 1_000_000_000), 1000, folder)
    shell.give(json.dumps(world.given_by_name()))
    shell.set_keys(json.dumps(world.store.rows(pepper)))
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in sent.headers]
    line = sent.method.encode("latin-1"), sent.target.encode("latin-1")
    request = shell.request(line, headers, sent.peer, False, trace + token_bytes(8))
    act(request)
    request.end(0)
    shell.close()
    lines.wait_for([trace.hex()])
    return lines.outcome(trace.hex())


SHELL_FAULTS: dict[str, Callable[[Case, World, list[Site]], Proof]] = {
    "engine.streamed": streamed,
    "engine.forgetful": forgetful,
}
