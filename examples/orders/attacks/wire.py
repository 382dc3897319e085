"""Requests that no HTTP client would send: targets and bytes as the attacker writes them."""

import socket

import h11
import httpx

from .attack import Stage


def fetch(stage: Stage, target: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """GET with `target` sent exactly as given: no dot segment, slash or escape is repaired on the way."""
    fields = {"Host": authority(stage), **(headers or {}), "Connection": "close"}
    return exchange(stage, head(f"GET {target}", fields))[0]


def head(line: str, fields: dict[str, str]) -> bytes:
    """The bytes of a request head."""
    lines = [f"{line} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def authority(stage: Stage) -> str:
    """Host and port of the place."""
    return stage.client.base_url.netloc.decode("ascii")


def exchange(stage: Stage, sent: bytes) -> list[httpx.Response]:
    """Every answer to `sent`, whose last request must ask for the end of the connection."""
    url = stage.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as stream:
            received = stream.read()
    answers: list[httpx.Response] = []
    while received:
        answer, received = next_answer(received)
        answers.append(answer)
    if not answers:
        raise ConnectionError(f"{url} closed the connection without an answer")
    return answers


def next_answer(received: bytes) -> tuple[httpx.Response, bytes]:
    """The first answer in `received`, and the bytes behind it."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "answer")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(received)
    reader.receive_data(b"")
    status, fields, content = 0, [], b""
    while not isinstance(event := reader.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            status, fields = event.status_code, list(event.headers)
        elif isinstance(event, h11.Data):
            content += bytes(event.data)
    answer = httpx.Response(status, headers=fields, content=content, request=httpx.Request("GET", "http://answer/"))
    return answer, bytes(reader.trailing_data[0])
