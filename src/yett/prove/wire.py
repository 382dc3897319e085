"""Messages on real sockets: octet by octet as a case wants them, and what came back; a library would mend them."""

from __future__ import annotations

import re
import secrets
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass

from yett.prove.message import Sent

_PATIENCE = 20.0
_QUIET = 0.5  # after a whole answer, on a connection whose own side cannot be closed alone


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back before the connection ended."""

    octets: bytes

    @property
    def status(self) -> int:
        """The status of the last answer; 0: there was none."""
        found = re.findall(rb"(?:^|\r\n)HTTP/1\.1 (\d{3}) ", self.octets)
        return int(found[-1]) if found else 0

    @property
    def retry_after(self) -> int | None:
        """Seconds that the last answer asks to wait."""
        found = re.findall(rb"\r\nretry-after: (\d+)\r\n", self.octets, re.IGNORECASE)
        return int(found[-1]) if found else None

    @property
    def is_refusal(self) -> bool:
        """Whether the last answer is a problem document of Yett."""
        return b'"type":"urn:yett:' in self.octets

    @property
    def trace_id(self) -> str | None:
        """The trace id of the last problem document."""
        found = re.findall(rb'"trace_id":"([0-9a-f]{32})"', self.octets)
        return found[-1].decode() if found else None


def new_trace() -> str:
    """A trace id of W3C trace context."""
    return secrets.token_hex(16)


def written(sent: Sent, trace_id: str) -> bytes:
    """A request as octets, with the trace it belongs to."""
    lines = [f"{sent.method} {sent.target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.headers)]
    lines += [f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01", "Connection: close"]
    if sent.body is not None:
        lines.append(f"Content-Length: {len(sent.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (sent.body or b"")


_LINE = b" / HTTP/1.1\r\nHost: shop.example\r\n"


def aimed(octets: bytes, head: bytes) -> bytes:
    """A case of level `bytes` whose first line and Host can be read, with the head of an operation in their place."""
    method = octets.partition(b" ")[0]
    if method in (b"GET", b"POST") and octets.startswith(method + _LINE):
        return head + octets[len(method + _LINE) :]
    return octets


def head(sent: Sent, trace_id: str) -> bytes:
    """Request line and fields without framing, the type of a body, and the empty line."""
    fields = [f"{name}: {value}" for name, value in sent.headers if name.lower() != "content-type"]
    fields.append(f"traceparent: 00-{trace_id}-{secrets.token_hex(8)}-01")
    return "\r\n".join([f"{sent.method} {sent.target} HTTP/1.1", *fields, ""]).encode("latin-1")


def connect(address: tuple[str, int], source: str | None) -> socket.socket:
    """A connection, from this loopback address."""
    return socket.create_connection(address, _PATIENCE, None if source is None else (source, 0))


def converse(address: tuple[str, int], source: str | None, octets: bytes, *, ends: bool = False) -> Heard:
    """Send everything, and hear until the other side closes; `ends`: close our side first."""
    with connect(address, source) as connection:
        return converse_on(connection, octets, ends=ends)


def converse_on(connection: socket.socket, octets: bytes, *, ends: bool = False) -> Heard:
    """The same on a connection that is there. TLS has no half-close: there an answer ends when it is whole."""
    is_open = ends and isinstance(connection, ssl.SSLSocket)
    # A refusal may come before all is sent; what was heard counts.
    with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        connection.sendall(octets)
        if ends and not is_open:
            connection.shutdown(socket.SHUT_WR)
    return hear(connection, is_open=is_open)


def hear(connection: socket.socket, *, is_open: bool = False) -> Heard:
    """What comes until the other side closes, or says nothing for long; `is_open`: for a moment after whole answers."""
    heard = bytearray()
    with suppress(ConnectionResetError, TimeoutError, ssl.SSLError):
        while part := connection.recv(65536):
            heard += part
            if is_open:
                connection.settimeout(_QUIET if _is_whole(bytes(heard)) else _PATIENCE)
    return Heard(bytes(heard))


def _is_whole(octets: bytes) -> bool:
    """Whether the octets are answers, the last of which lacks nothing (RFC 9112 §6.3)."""
    while octets:
        head, ended, rest = octets.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if not ended or len(rest) < (int(length[1]) if length else 0):
            return False
        if length:
            octets = rest[int(length[1]) :]
        elif re.match(rb"HTTP/1\.1 (1\d\d|204|304) ", head):
            octets = rest
        else:
            return rest.endswith(b"\r\n0\r\n\r\n") or rest == b"0\r\n\r\n"
    return True
