"""A gateway with a real child before a small upstream, and its log as something that a test can wait for."""

import io
import json
import queue
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from tests.certificates import Pair, made
from tests.serve.secure import SECONDS, Listener, write
from yett.policy.read import read_plan
from yett.serve.gateway import Gateway
from yett.serve.log import Log
from yett.store.keys import Keys

DESCRIPTION = """\
openapi: 3.1.0
info: {title: Notes, version: "1"}
paths:
  /notes/{id}:
    get:
      operationId: readNote
      parameters: [{in: path, name: id, required: true, schema: {type: integer}}]
      responses:
        "200": {description: it, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
  /open:
    get:
      operationId: open
      security: []
      responses:
        "200": {description: it, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
components:
  schemas:
    Note: {type: object, properties: {id: {type: integer}}}
"""


class Lines(io.StringIO):
    """A log that can be waited for, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self.seen: list[dict] = []

    def write(self, text: str) -> int:
        self.lines.put(json.loads(text))
        return len(text)

    def wait(self, message: str) -> dict:
        """The next line with this message; what was said before it is in `seen`."""
        while True:
            line = self.lines.get(timeout=SECONDS)
            self.seen.append(line)
            if line["message"] == message:
                return line


class Notes(BaseHTTPRequestHandler):
    """Answers every GET with a note; `gate` holds answers back until it is set."""

    protocol_version = "HTTP/1.1"
    gate = threading.Event()
    arrived = threading.Event()
    heard: ClassVar[dict[str, str]] = {}  # the headers of the last request, names in lower case

    def do_GET(self) -> None:
        self.arrived.set()
        type(self).heard = {name.lower(): value for name, value in self.headers.items()}
        self.gate.wait(SECONDS)
        body = b'{"id": 7}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def upstream():
    Notes.gate.set()
    Notes.arrived.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Notes) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            Notes.gate.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def plan(tmp_path, upstream):
    """Writes the plan, with more lines of its one API; gives its path."""

    def plan(*more: str, top: str = "gateway: {listen: [127.0.0.1:0], threads: 1}"):
        api = ["openapi: notes.yaml", f"upstream: {{urls: [{upstream}]}}", *more]
        if not (tmp_path / "notes.yaml").exists():
            (tmp_path / "notes.yaml").write_text(DESCRIPTION)
        text = f"yett: 1\n{top}\napis:\n  notes:\n" + "".join(f"    {line}\n" for line in api)
        partial = tmp_path / ".yett.yaml"
        partial.write_text(text)
        return partial.replace(tmp_path / "yett.yaml")

    return plan


KEYS = ("security: {default: key}", "credentials: {key: {api_key: {}}}", "limit: none")


@pytest.fixture
def lines():
    return Lines()


@pytest.fixture
def gateway(plan, lines):
    """A running gateway whose callers show API keys."""
    with Gateway(plan(*KEYS), log=Log("info", "json", lines)) as gateway:
        lines.wait("gateway serves")
        yield gateway


@pytest.fixture
def keys(gateway, tmp_path):
    return Keys.of(read_plan(tmp_path / "yett.yaml"))


@pytest.fixture
def client():
    with httpx.Client(trust_env=False, timeout=SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def ca():
    return made("authority")


@pytest.fixture
def serving(plan, lines, tmp_path, ca):
    """Starts a gateway with these certificates by file name (none: it is there), and more of `tls`, `gateway`."""

    def serving(pairs: dict[str, Pair | None], tls: str = "", more: str = "") -> Listener:
        (tmp_path / "ca.pem").write_text(ca.pem)
        for name, pair in pairs.items():
            if pair:
                write(tmp_path, name, pair)
        files = ", ".join(f"{{chain: {name}.pem, key: {{file: {name}.key}}}}" for name in pairs)
        listen = f"{{address: '127.0.0.1:0', tls: {{certificates: [{files}]{tls}}}}}, '127.0.0.2:0'"
        top = f"gateway: {{listen: [{listen}], admin: '127.0.0.3:0', threads: 1{more}}}"
        gateway = running.enter_context(Gateway(plan("limit: none", top=top), log=Log("info", "json", lines)))
        lines.wait("gateway serves")
        return Listener(gateway, tmp_path)

    with ExitStack() as running:
        yield serving


@pytest.fixture
def one(serving, ca):
    """One certificate, of a.example."""
    return serving({"a": made("a", ca, names=["a.example"])})
