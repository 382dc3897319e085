"""Property: whoever does wrong at a running gateway gets one exact answer, and evidence one exact reason."""

import json
import re
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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


@contextmanager
def listening(answer: bytes | None, *, closes: bool = True) -> Iterator[int]:
    """A peer that answers every connection with these octets; none: it says nothing until the test ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=32)
    held = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if answer is not None or closes:
                with connection, suppress(OSError):  # who has read enough closes first
                    connection.recv(65536)
                    connection.sendall(answer or b"")

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in held:
            connection.close()


def refusing(stack: ExitStack) -> int:
    """A port that refuses connections, and that nobody else is given meanwhile."""
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    return bound.getsockname()[1]


def filled(text: str, bad: dict) -> bytes:
    return text.replace("{fill}", "x" * bad.get("fill", 0)).encode("latin-1")


def upstream(bad: dict, stack: ExitStack) -> int:
    match bad.get("upstream_does"):
        case "is down":
            return refusing(stack)
        case "nothing":
            return stack.enter_context(listening(None, closes=False))
        case _:
            return stack.enter_context(listening(bad.get("upstream", "").encode("latin-1")))


def issuer(bad: dict, stack: ExitStack) -> int:
    if "key_set" not in bad:
        return refusing(stack)
    body = filled(bad["key_set"], bad)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return stack.enter_context(listening(head.encode() + body))


def token() -> str:
    key = jwk.ECKey.generate_key("P-256", {"kid": "k1"})
    claims = {"iss": "https://issuer.example", "aud": "notes", "sub": "alice", "exp": 4_000_000_000}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)


def answered(url: str, send: bytes, *, waits: bool) -> str:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(send)
        if not waits:
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
        ports = {"upstream": upstream(bad, stack), "issuer": issuer(bad, stack)}
        (tmp_path / "yett.yaml").write_text(PLAN.format(more=bad.get("more", ""), **ports), "utf-8")
        send = filled(bad["send"].replace("{token}", token()), bad)
        with Gateway(tmp_path / "yett.yaml") as gateway:
            text = answered(gateway.url, send, waits=bad.get("waits", False))
    lines = [json.loads(line) for line in (tmp_path / "evidence.jsonl").read_text("utf-8").splitlines()]
    assert f"{lines[-1].get('reason')}\n{text}" == snapshot
    assert [line["status"] for line in lines] == [int(status) for status in re.findall(r"HTTP/1.1 (\d+)", text)]
    for secret in ("Traceback", "shop/1", "OpenSSH"):
        assert secret not in text


def test_the_table_is_long_enough():
    plans = tomllib.loads(Path(__file__).with_name("plans.toml").read_text("utf-8"))["bad"]
    assert len(plans) + len(TABLE) >= 60
