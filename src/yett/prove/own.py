"""The gateway of a proof: a real child on a loopback port before the stub upstream, with the proof's keys and time."""

from __future__ import annotations

import json
import queue
import secrets
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from yett._engine import plan_hash
from yett.prove.credential import KeyRecord
from yett.prove.evidence import Lines
from yett.prove.world import NOW, World
from yett.serve.child import Child, Start
from yett.serve.sockets import listen

Document = dict[str, Any]
_READY = 30.0
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class OwnGatewayError(Exception):
    """The proof's gateway could not be started or changed; the text says what it said."""


class OwnGateway:
    """Serves the plan of a proof. `address` is where; `lines` its evidence."""

    def __init__(self, world: World, folder: Path, upstream: str, deadline: int = 2000) -> None:
        """Not started yet; `deadline`: milliseconds that a request waits for a fact."""
        self._world, self._folder, self._upstream, self._deadline = world, folder, upstream, deadline
        self._pepper = secrets.token_bytes(32)
        self._said: queue.SimpleQueue[Document | None] = queue.SimpleQueue()
        self.lines = Lines(folder / "evidence.jsonl")
        self.address = ("127.0.0.1", 0)
        self._child: Child | None = None

    def document(self) -> Document:
        """The world's plan, with the stub upstream behind it and evidence in the proof's folder."""
        document = deepcopy(self._world.document)
        gateway = document["gateway"]
        gateway |= {"listen": [{"address": "127.0.0.1:0", "tls": None}], "admin": None, "threads": 1}
        gateway["evidence"] = [{"file": str(self.lines.path)}]
        for api in document["apis"]:
            # The stub answers what it was told, and no health check.
            api["upstream"] |= {"urls": [self._upstream], "health": None}
        return document

    @contextmanager
    def serving(self, document: Document) -> Generator[OwnGateway]:
        """Serves within the context. Raises `OwnGatewayError`."""
        with listen("127.0.0.1:0") as listener:
            self.address = ("127.0.0.1", listener.getsockname()[1])
            config = {
                "plan": str(self._keep(document)),
                "pepper": self._pepper.hex(),
                "keys": self._world.store.rows(self._pepper),
                "given": self._world.given_by_name(),
                "log": {"level": "error", "format": "text"},
                "deadline": self._deadline,
            }
            start = Start(config, [listener], None, self._folder, NOW * 1_000_000_000)
            self._world.store.learn.append(self._learn)
            try:
                with signals_wait():
                    self._child = Child(start, lambda _, message: self._said.put(message))
                listener.close()
                self._expect("ready")
                yield self
            finally:
                self._world.store.learn.remove(self._learn)
                if self._child is not None:
                    self._child.kill()
                    self._child.wait(_READY)

    def swap(self, document: Document) -> None:
        """Another plan, from the next request on. Raises `OwnGatewayError`."""
        self._send(plan=str(self._keep(document)))
        self._expect("plan")

    def _learn(self, _: KeyRecord) -> None:
        self._send(keys=self._world.store.rows(self._pepper))
        self._expect("keys")

    def _keep(self, document: Document) -> Path:
        octets = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        path = self._folder / f"{plan_hash(octets)}.json"
        path.write_bytes(octets)
        return path

    def _send(self, **message: object) -> None:
        if self._child is None or not self._child.send(**message):
            raise OwnGatewayError("the proof's gateway has ended")

    def _expect(self, key: str) -> None:
        try:
            message = self._said.get(timeout=_READY)
        except queue.Empty:
            message = {"silent": f"for {_READY:.0f} s"}
        if message is None or key not in message:
            raise OwnGatewayError(f"the proof's gateway said {message}, expected {key!r}")


@contextmanager
def signals_wait() -> Generator[None]:
    """Signals that end the process wait for the end of this, so that a process that is started is known to be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda given, _: came.append(given)) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


@contextmanager
def proof_folder() -> Generator[Path]:
    """A folder for the plans and the evidence of one proof, gone at its end."""
    with TemporaryDirectory(prefix="yett-prove-") as folder:
        yield Path(folder)
