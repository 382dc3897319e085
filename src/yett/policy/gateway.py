"""The parts of the plan that belong to no API: sockets, timeouts, log, store, evidence. No control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from yett.controls.admit import Head
from yett.openapi.json_types import is_object
from yett.policy.secret import Secret, outside
from yett.policy.section import Also, Section, wrong
from yett.policy.tls import Listen, Listener
from yett.policy.values import Address, Duration, Network, Size, Text, is_loopback

TENTH = 10
LEAST = 256


class Timeouts(Section):
    """`gateway.timeouts`: how long a client may take."""

    head: Duration = Field(default=10_000, description="First to last byte of a head")
    body: Duration = Field(
        default=30_000,
        description="First to last byte of a body; also for taking a held answer, and each 64 KiB of a streamed one,"
        " where only the time counts for which the client is waited for",
    )
    idle: Duration = Field(default=60_000, description="Between two requests of a connection")
    drain: Duration = Field(default=30_000, description="How long requests under way may take when the gateway ends")


class Http2(Section):
    """`gateway.http2`: what one client connection of HTTP/2 may take."""

    streams: int = Field(default=100, ge=1, le=1000, description="Requests under way at a time")


def as_http2(value: object) -> object:
    """`off` stands for none."""
    if value is None:
        raise wrong("a mapping, or `off`")
    return None if value == "off" else value


class Gateway(Section):
    """`gateway`: where clients connect, and what they may take."""

    not_built: ClassVar[Mapping[str, str]] = {
        "http3": "clients speak HTTP/2 or HTTP/1.1 until then",
        "proxy_protocol": "use `trusted_proxies` until then",
    }

    listen: list[Listener] = Field(
        default=[Listen(address="127.0.0.1:8080")], min_length=1, max_length=64, description="Where clients connect"
    )
    danger_plaintext: bool = Field(default=False, description="Listen beyond loopback without TLS")
    admin: Address | None = Field(default=None, description="Where metrics and health are served; loopback")
    threads: int = Field(default=0, ge=0, le=1024, description="Reactor threads; 0: one for each core")
    trusted_proxies: list[Network] = Field(
        default=[], description="Networks whose word for the client's address is believed"
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        default="x-forwarded-for", description="The header in which they say it; the other one is ignored"
    )
    head: Head = Field(default=Head(), description="Limits of a request's head")
    timeouts: Timeouts = Field(default=Timeouts(), description="How long a client may take")
    held: Size = Field(
        default=256 * 1024 * 1024,
        description="Bytes that all held bodies together may take: those of one client address a quarter of it, and a"
        " quarter is kept for replies and for bodies up to 64 KiB",
    )
    connections: int = Field(default=10_000, ge=1, le=10_000_000, description="Open client connections")
    http2: Annotated[Http2 | None, BeforeValidator(as_http2), Also(const="off")] = Field(
        default=Http2(), description="HTTP/2 where a listener has `tls`; `off`: HTTP/1.1 alone"
    )
    connections_per_address: int | None = Field(
        default=None,
        ge=1,
        le=10_000_000,
        description="Those of one client address, IPv6 by its /64; trusted proxies have all. By default a tenth of"
        " `connections`, and no less than 256",
    )

    @property
    def share(self) -> int:
        """Open connections that one client address may have."""
        return self.connections_per_address or max(self.connections // TENTH, LEAST)

    @property
    def bound(self) -> list[str]:
        """Every address that is listened on: those of clients in order, then `admin`."""
        return [*(listen.address for listen in self.listen), *([self.admin] if self.admin else [])]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for number, listen in enumerate(self.listen):
            if listen.tls is None and not self.danger_plaintext and not is_loopback(listen.address):
                expected = "a loopback address; beyond loopback only with `tls`, or with danger_plaintext: true"
                raise wrong(expected, repr(listen.address), ("listen", str(number)))
        if len(set(self.bound)) != len(self.bound):
            raise wrong("each address once, `admin` included", "an address twice", ("listen",))
        if self.admin is not None and not is_loopback(self.admin):
            raise wrong("a loopback address: metrics are not for everybody", None, ("admin",))
        return self


class Log(Section):
    """`log`: what the gateway says of itself, on standard error."""

    level: Literal["error", "warning", "info", "debug"] = Field(default="info", description="The least that is said")
    format: Literal["text", "json"] = Field(default="text", description="How it is said")


class Store(Section):
    """`store`: where API keys are kept. A plain text stands for `{url: …}`."""

    url: Text | None = Field(default=None, description="sqlite:///yett.db, or postgresql://user@host/name")
    secret_url: Annotated[Secret, BeforeValidator(outside)] | None = Field(
        default=None, description="The same, with a password"
    )
    pepper: Annotated[Secret, BeforeValidator(outside)] | None = Field(
        default=None, description="The key of the keys' HMAC; default: a file beside the database, made at need"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.url is not None and self.secret_url is not None:
            raise wrong("one of `url` and `secret_url`", "both")
        if self.url is not None:
            check_store(self.url)
        return self


_PASSWORDS = {"password", "passfile", "sslpassword"}  # parameters of PostgreSQL's library


def check_store(url: str) -> None:
    """Refuse what is no URL of SQLite or PostgreSQL, and passwords."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read when it is asked for
    except ValueError:
        parts = urlsplit("")
    said = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.password is not None or said & _PASSWORDS:
        found = "a URL with a password"
        raise wrong("a URL without one, or `secret_url: {env: NAME}` or `{file: PATH}`", found, ("url",))
    if parts.scheme not in ("sqlite", "postgresql") or (parts.scheme == "sqlite" and parts.netloc):
        raise wrong("sqlite:///PATH or postgresql://USER@HOST/NAME", None, ("url",))
    if parts.scheme == "sqlite" and parts.path in ("", "/", "/:memory:"):
        raise wrong("the path of a file: the gateway and `yett keys` both open it", None, ("url",))


def as_store(value: object) -> object:
    """A text is the URL."""
    return {"url": value} if isinstance(value, str) else value


def only_memory(value: object) -> str:
    """Where counters are."""
    if isinstance(value, str) and value.split(":")[0] in ("redis", "rediss", "valkey", "unix"):
        raise wrong("`memory`; shared state is not built yet")
    if value != "memory":
        raise wrong("`memory`")
    return "memory"


class FileSink(Section):
    """An entry of `evidence`: `{file: PATH}`, one JSON document a line."""

    not_built: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("syslog", "http", "https", "otlp", "kafka", "tcp", "ocsf", "cef", "journald", "sqlite", "postgresql"),
        "write {file: PATH} or stdout until then",
    )

    file: Text = Field(description="Appended to this file")


def as_sink(value: object) -> object:
    """`stdout` stands for itself."""
    if isinstance(value, str) and value != "stdout":
        raise wrong("{file: PATH} or stdout, one or a list of them, or none")
    return {"file": "-"} if value == "stdout" else value


_SINK = {
    "anyOf": [
        {"const": "stdout"},
        {
            "type": "object",
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}
Sink = Annotated[FileSink, BeforeValidator(as_sink), WithJsonSchema(_SINK)]


def as_sinks(value: object) -> object:
    """One sink needs no list; `none` stands for no sinks."""
    if value == "none":
        return []
    return [value] if isinstance(value, str) or is_object(value) else value


Sinks = Annotated[list[Sink], BeforeValidator(as_sinks), Also(anyOf=[*_SINK["anyOf"], {"const": "none"}])]
DEFAULT_SINKS = [FileSink(file="evidence.jsonl")]


def sinks(written: list[FileSink]) -> list[Any]:
    """As the compiled plan writes them."""
    return ["stdout" if each.file == "-" else {"file": each.file} for each in written]
