"""Property: whoever does wrong at a running gateway gets one exact answer, and evidence one exact reason.

What is refused before it is forwarded never reaches the upstream.
"""

import json
import re
import select
import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from joserfc import jwk, jwt

from yett.serve.gateway import Gateway

TABLE = tomllib.loads(Path(__file__).with_name("answers.toml").read_text("utf-8"))["bad"]
DESCRIPTION = """\
openapi: 3.1.0
info: {title: notes, version: '1'}
paths:
  /notes:
    get:
      operationId: listNotes
      security: []
      responses: {'200': {description: all, content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}}
    post:
      operationId: addNote
      security: []
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
      responses: {'204': {description: added}}
  /own:
    get:
      operationId: ownNote
      security: [{bearer: []}]
      responses: {'204': {description: yours}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas: {Note: {type: object, properties: {text: {type: integer}}}}
"""
PLAN = """\
yett: 1
gateway: {{listen: ['127.0.0.1:8080'], timeouts: {{head: 300ms, body: 300ms}}}}
evidence: [{{file: evidence.jsonl}}]
apis:
  notes:
    openapi: notes.yaml
    match: {{host: a}}
    cors: {{origins: ['https://notes.example']}}
    {more}
    upstream: {{urls: ['http://127.0.0.1:{upstream}'], timeout: 300ms}}
    credentials:
      bearer: {{jwt: {{issuer: 'https://issuer.example', audience: notes, jwks: {{url: 'http://127.0.0.1:{issuer}/jwks'}}}}}}
"""


PACE = 0.05  # seconds between two octets: several of them come before any deadline of the plan
SECONDS = 2.0  # within which whoever drips is ended


def drip(connection: socket.socket, octet: bytes) -> None:
    """Send an octet at a time until the other side answers or ends; fails where it does neither."""
    ends = time.monotonic() + SECONDS
    while not select.select([connection], [], [], PACE)[0]:
        assert time.monotonic() < ends, "each octet has put the deadline off"
        connection.sendall(octet)


@dataclass
class Peer:
    """Where an upstream or an issuer listens, and what came there, by connection."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def listening(answer: bytes | None, *, closes: bool = True, drips: bytes = b"") -> Iterator[Peer]:
    """A peer that answers every connection with these octets; none: it says nothing until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)
    held = []
    peer = Peer(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if answer is not None or closes:
                with connection, suppress(OSError):  # who has read enough closes first
                    peer.heard.append(connection.recv(65536))
                    connection.sendall(answer or b"")
                    if drips:
                        drip(connection, drips)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in held:
            connection.close()


def refusing(stack: ExitStack) -> Peer:
    """A port that refuses connections, and that nobody else is given meanwhile."""
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    return Peer(bound.getsockname()[1])


def filled(text: str, bad: dict) -> bytes:
    return text.replace("{fill}", "x" * bad.get("fill", 0)).encode("latin-1")


def upstream(bad: dict, stack: ExitStack) -> Peer:
    match bad.get("upstream_does"):
        case "is down":
            return refusing(stack)
        case "nothing":
            return stack.enter_context(listening(None, closes=False))
        case _:
            drips = bad.get("upstream_drips", "").encode("latin-1")
            return stack.enter_context(listening(bad.get("upstream", "").encode("latin-1"), drips=drips))


def issuer(bad: dict, stack: ExitStack) -> Peer:
    if "key_set" not in bad:
        return refusing(stack)
    body = filled(bad["key_set"], bad)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return stack.enter_context(listening(head.encode() + body))


def token() -> str:
    key = jwk.ECKey.generate_key("P-256", {"kid": "k1"})
    claims = {"iss": "https://issuer.example", "aud": "notes", "sub": "alice", "exp": 4_000_000_000}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)


def answered(url: str, send: bytes, *, waits: bool, drips: bytes = b"") -> str:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(send)
        if drips:
            drip(client, drips)
        elif not waits:
            client.shutdown(socket.SHUT_WR)
        octets = b""
        while part := client.recv(65536):
            octets += part
    text = octets.decode("latin-1")
    text = re.sub(r'"trace_id":"[0-9a-f]{32}"', '"trace_id":"…"', text)
    return re.sub(r"date: [^\r]*\r\n", "", text)


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad["name"])
def test_answer(bad, tmp_path, snapshot):
    with ExitStack() as stack:
        (tmp_path / "notes.yaml").write_text(DESCRIPTION, "utf-8")
        api = upstream(bad, stack)
        ports = {"upstream": api.port, "issuer": issuer(bad, stack).port}
        (tmp_path / "yett.yaml").write_text(PLAN.format(more=bad.get("more", ""), **ports), "utf-8")
        send = filled(bad["send"].replace("{token}", token()), bad)
        with Gateway(tmp_path / "yett.yaml") as gateway:
            drips = bad.get("drips", "").encode("latin-1")
            text = answered(gateway.url, send, waits=bad.get("waits", False), drips=drips)
    lines = [json.loads(line) for line in (tmp_path / "evidence.jsonl").read_text("utf-8").splitlines()]
    assert f"{lines[-1].get('reason')}\n{text}" == snapshot
    assert [line["status"] for line in lines] == [int(status) for status in re.findall(r"HTTP/1.1 (\d+)", text)]
    refused = all("reason" in line and line["status"] < 500 for line in lines)
    assert not (refused and api.heard), "what is refused is not forwarded"
    assert api.heard or "upstream" not in bad
    for secret in ("Traceback", "shop/1", "OpenSSH"):
        assert secret not in text


def test_the_table_is_long_enough():
    plans = tomllib.loads(Path(__file__).with_name("plans.toml").read_text("utf-8"))["bad"]
    assert len(plans) + len(TABLE) >= 60
