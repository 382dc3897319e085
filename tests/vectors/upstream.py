"""A stub upstream behind a real gateway: answers what it is told, keeps what it saw. HTTP/1.1 by hand, to be exact."""

import socket
import threading
from typing import BinaryIO

from tests.vectors.outcome import Message
from tests.vectors.vector import Headers

BODILESS = {204, 304}


class Upstream:
    """Listens on a free loopback port; `told` is the next answer, `seen` what came since it was last taken."""

    def __init__(self) -> None:
        self.told: tuple[int, Headers, bytes] = (204, [], b"")
        self._seen: list[Message] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=self._accept, name="upstream", daemon=True).start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def take(self) -> list[Message]:
        seen, self._seen = self._seen, []
        return seen

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while (message := request(stream)) is not None:
                    self._seen.append(message)
                    connection.sendall(answer(self.told, message.line.startswith("HEAD ")))
            except OSError:
                return


def head(stream: BinaryIO) -> tuple[bytes, Headers] | None:
    """The first line and the headers, names in lower case; none: nothing came any more."""
    line = stream.readline()
    if not line:
        return None
    headers: Headers = []
    while (field := stream.readline()) not in (b"\r\n", b""):
        name, _, value = field.removesuffix(b"\r\n").partition(b":")
        headers.append((name.lower(), value.strip(b" ")))
    return line.removesuffix(b"\r\n"), headers


def body(stream: BinaryIO, headers: Headers, until_close: bool) -> bytes:
    """A body by its chunks, its length, or the end of the connection."""
    framing = dict(headers)
    if framing.get(b"transfer-encoding") == b"chunked":
        whole = b""
        while size := int(stream.readline(), 16):
            whole += stream.read(size)
            stream.readline()
        stream.readline()
        return whole
    if b"content-length" in framing:
        return stream.read(int(framing[b"content-length"]))
    return stream.read() if until_close else b""


def request(stream: BinaryIO) -> Message | None:
    if (found := head(stream)) is None:
        return None
    line, headers = found
    return Message(line.removesuffix(b" HTTP/1.1").decode("latin-1"), 0, headers, body(stream, headers, False))


def answer(told: tuple[int, Headers, bytes], is_head: bool) -> bytes:
    status, headers, octets = told
    lines = [b"HTTP/1.1 %d Told" % status, *(b"%s: %s" % pair for pair in headers)]
    bodiless = is_head or status in BODILESS
    if not bodiless and not any(name == b"content-length" for name, _ in headers):
        lines.append(b"content-length: %d" % len(octets))
    return b"\r\n".join([*lines, b"", b"" if bodiless else octets])


def reply(stream: BinaryIO, is_head: bool) -> Message:
    """What a client got; interim answers are passed over."""
    while True:
        if (found := head(stream)) is None:
            return Message()
        line, headers = found
        status = int(line.split(b" ")[1])
        if status >= 200:
            bodiless = is_head or status in BODILESS
            return Message("", status, headers, b"" if bodiless else body(stream, headers, True))
