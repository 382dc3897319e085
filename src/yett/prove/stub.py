"""The stub upstream of a proof: answers each request as it was told, by trace id; remembers whom it saw."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, Literal

from yett.prove.message import Reply

Behaviour = Literal["well", "garbage", "closing", "silent"]
_PLAIN = Reply(204, [], b"")
_HEAD_LIMIT = 256 * 1024


class Stub:
    """Speaks HTTP/1.1 on a loopback port of its own. What it is told holds for requests that come after."""

    def __init__(self) -> None:
        """Nothing is told yet; unknown requests get 204."""
        self._lock = threading.Lock()
        self._replies: dict[str, tuple[Reply, Behaviour]] = {}
        self._seen: set[str] = set()
        self._ended = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def tell(self, trace_id: str, reply: Reply | None, behaviour: Behaviour = "well") -> None:
        """How the request of this trace is answered."""
        with self._lock:
            self._replies[trace_id] = (reply or _PLAIN, behaviour)

    def saw(self, trace_id: str) -> bool:
        """Whether a request of this trace arrived."""
        with self._lock:
            return trace_id in self._seen

    @contextmanager
    def serving(self) -> Generator[Stub]:
        """Serves within the context."""
        stub = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                stub.converse(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        with Server(("127.0.0.1", 0), Handler) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="yett-stub", daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self._ended.set()
                server.shutdown()
                thread.join()

    def converse(self, connection: socket.socket) -> None:
        """Serves one connection until either side has enough."""
        with connection, connection.makefile("rb") as lines:
            try:
                while (trace_id := _request(lines)) is not None:
                    if not self._answer(connection, trace_id):
                        return
            except (OSError, ValueError):
                return

    def _answer(self, connection: socket.socket, trace_id: str) -> bool:
        with self._lock:
            self._seen.add(trace_id)
            reply, behaviour = self._replies.get(trace_id, (_PLAIN, "well"))
        match behaviour:
            case "well":
                connection.sendall(_written(reply))
                return True
            case "garbage":
                connection.sendall(b"this is not HTTP\r\n\r\n")
            case "silent":
                self._ended.wait(30)
            case _:
                pass
        return False


def _request(lines: BinaryIO) -> str | None:
    """Read one whole request; its trace id, or none where the client has gone."""
    headers: dict[bytes, bytes] = {}
    if not lines.readline(_HEAD_LIMIT):
        return None
    while (line := lines.readline(_HEAD_LIMIT).strip()) != b"":
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    lines.read(int(headers.get(b"content-length", b"0")))
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        while size := int(lines.readline(_HEAD_LIMIT).split(b";")[0], 16):
            lines.read(size + 2)
        lines.readline(_HEAD_LIMIT)
    return headers.get(b"traceparent", b"").decode("latin-1")[3:35]


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} OK", *(f"{name}: {value}" for name, value in reply.headers)]
    if reply.status not in (204, 304):
        lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if reply.status in (204, 304) else reply.body)
