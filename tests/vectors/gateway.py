"""A real gateway for a while: the worker's process, a stub upstream behind it, and clients of any loopback address."""

import hashlib
import hmac
import json
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.vectors.outcome import Outcome
from tests.vectors.plans import plan
from tests.vectors.upstream import Upstream, reply
from tests.vectors.vector import NOW, Sent, Vector, api_keys

PEPPER = "5e" * 32
PATIENCE = 10.0
WORKER = [sys.executable, "-m", "tests.vectors.worker"]
ROOT = Path(__file__).resolve().parents[2]


def rows(pepper: bytes) -> list[dict[str, Any]]:
    """The API keys of the vectors as a gateway is told them."""
    return [
        {"hmac": hmac.new(pepper, key["text"].encode(), hashlib.sha256).hexdigest(), **key["record"]}
        for key in api_keys().values()
    ]


class Gateway:
    """Serves one plan between `__enter__` and `__exit__`; its evidence is whole behind."""

    def __init__(self, name: str, folder: Path) -> None:
        self.upstream = Upstream()
        self._folder = folder
        (folder / "plan.json").write_bytes(plan(name, self._place))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address = self._listener.getsockname()

    def _place(self, document: dict[str, Any]) -> None:
        document["gateway"] |= {"threads": 1, "evidence": [{"file": str(self._folder / "evidence.jsonl")}]}
        for api in document["apis"]:
            api["upstream"]["urls"] = [f"http://127.0.0.1:{self.upstream.port}"]

    def __enter__(self) -> Self:
        descriptor = self._listener.fileno()
        self._process = subprocess.Popen(
            WORKER, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[descriptor]
        )
        config = {
            "plan": str(self._folder / "plan.json"),
            "pepper": PEPPER,
            "keys": rows(bytes.fromhex(PEPPER)),
            "log": {"level": "error", "format": "text"},
        }
        self._tell(json.dumps({"config": config, "listeners": [descriptor]}))
        self._listener.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()
        self.upstream.close()

    def _tell(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def at(self, seconds: float) -> None:
        """Sets the gateway's clock."""
        self._tell(str(round(seconds * 1000) * 1_000_000))
        assert self._process.stdout.readline(), "the gateway has ended"

    def evidence(self) -> list[dict[str, Any]]:
        """Every line, once the gateway has drained."""
        return [json.loads(line) for line in (self._folder / "evidence.jsonl").read_text("utf-8").splitlines()]

    def ask(self, sent: Sent) -> Outcome:
        """One request on a connection of its own."""
        self.upstream.told = sent.answer
        with socket.create_connection(self.address, PATIENCE, source_address=(sent.peer, 0)) as client:
            client.sendall(octets(sent))
            with client.makefile("rb") as stream:
                got = reply(stream, sent.method == "HEAD")
        seen = self.upstream.take()
        assert len(seen) <= 1, seen
        return Outcome(sent, seen[0] if seen else None, got, got.status)

    def play(self, vector: Vector) -> list[Outcome]:
        """All requests of a vector; what evidence says of them comes later."""
        outcomes: list[Outcome] = []
        seconds: float = NOW
        for step in vector.steps:
            seconds += step.after
            self.at(seconds)
            sent = Sent(step, vector.address(step))
            outcomes += [self.ask(sent) for _ in range(step.times)]
        return outcomes


def octets(sent: Sent) -> bytes:
    body = sent.body
    length = [(b"content-length", b"%d" % len(body))] if body is not None else []
    head = [b"%s %s HTTP/1.1" % (sent.method.encode(), sent.target)]
    head += [b"%s: %s" % pair for pair in (*sent.headers, *length)]
    return b"\r\n".join([*head, b"", body or b""])


def witnessed(played: dict[str, list[Outcome]], lines: list[dict[str, Any]]) -> None:
    """Joins outcomes and evidence: one line for each request, in order, and of the trace that the client was told."""
    outcomes = [outcome for each in played.values() for outcome in each]
    assert len(outcomes) == len(lines), f"{len(outcomes)} requests, {len(lines)} lines of evidence"
    for outcome, line in zip(outcomes, lines, strict=True):
        assert outcome.trace in (None, line["trace_id"]), line
        outcome.witnessed(line)
