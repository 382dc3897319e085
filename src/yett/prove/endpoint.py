"""Where a running gateway is, and whether it is one: what is known before anything is sent that could write."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket
from urllib.parse import urlsplit

from yett.openapi.template import in_url
from yett.prove.evidence import Lines
from yett.prove.site import host_of
from yett.prove.wire import Heard, connect, converse_on, new_trace
from yett.prove.world import World

EVIDENCE_SECONDS = 5.0
_MOST_WAITS = 3
_LONGEST_WAIT = 30
_PORTS = {"http": 80, "https": 443}

Answered = tuple[str, Heard]
"""The trace of a request, and what came back."""


class LiveError(Exception):
    """The running gateway cannot be asked, or is not the one that is to be proven; the text says why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the gateway is."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Raises `LiveError` for what is no URL of a gateway."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise LiveError(f"found {url!r} ({error}), expected http://HOST or https://HOST, without a path") from None
        more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if not port or not parts.hostname or more:
            raise LiveError(f"found {url!r}, expected http://HOST or https://HOST, without a path")
        return cls(parts.hostname, port, parts.scheme == "https")

    @property
    def authority(self) -> str:
        """As Host says it (RFC 9112 §3.2)."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self) -> socket:
        """A connection. Raises `LiveError`."""
        try:
            plain = connect((self.host, self.port), None)
            return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self.tls else plain
        except OSError as error:
            raise LiveError(f"{self.authority} cannot be reached: {error}") from None

    def ask(self, octets: Callable[[str], bytes], *, ends: bool = False) -> Answered:
        """Send what `octets` makes of a trace id, and again later where the gateway says that it is too much."""
        waits = 0
        while True:
            trace_id = new_trace()
            with self.connect() as connection:
                heard = converse_on(connection, octets(trace_id), ends=ends)
            if heard.status != 429 or heard.retry_after is None or waits == _MOST_WAITS:
                return heard.trace_id or trace_id, heard
            time.sleep(min(heard.retry_after, _LONGEST_WAIT))
            waits += 1

    def make_sure(self, world: World, lines: Lines | None) -> None:
        """Ask for what every Yett refuses, whatever its plan. Raises `LiveError` where it is not refused by this plan.

        Without evidence it is not known which plan refused.
        """
        trace_id, heard = self.ask(lambda trace_id: self._refused(world, trace_id))
        if not heard.is_refusal:
            said = f"status {heard.status}" if heard.status else "nothing that is HTTP/1.1"
            raise LiveError(
                f"{self.authority} is no Yett: a request with %00 in its target got {said}, "
                "expected a refusal with a problem of urn:yett:; nothing else was sent"
            )
        if lines is None:
            return
        lines.wait_for([trace_id], EVIDENCE_SECONDS)
        plan = lines.plan(trace_id)
        if plan is None:
            raise LiveError(
                f"{lines.path} has no line of a request that {self.authority} has refused, "
                "expected the evidence that this gateway writes"
            )
        if plan != world.compiled.hash:
            raise LiveError(
                f"{self.authority} serves the plan {plan[:12]}, expected {world.compiled.hash[:12]}: "
                "reload the gateway, or name the plan that it serves with --plan"
            )

    def _refused(self, world: World, trace_id: str) -> bytes:
        api = world.document["apis"][0]
        host = self.authority if "*" in api["hosts"] else host_of(api)
        lines = [
            f"GET {in_url(api['base'])}/?%00 HTTP/1.1",
            f"Host: {host}",
            f"traceparent: 00-{trace_id}-{trace_id[:16]}-01",
        ]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
