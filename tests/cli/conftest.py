"""The command line in this process: arguments in, exit code and words out."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from yett.cli import main

DESCRIPTION = """\
openapi: 3.1.0
info: {title: My Notes, version: "1"}
servers: [{url: https://api.example.com/v1}]
paths:
  /notes:
    get: {operationId: listNotes, responses: {"200": {description: all}}}
  /health:
    get: {operationId: health, responses: {"200": {description: it}}}
"""


@dataclass
class Done:
    """What a run of the command line left."""

    code: int
    out: str
    err: str


@pytest.fixture
def yett(capsys, tmp_path, monkeypatch):
    """Runs `yett` in a folder with a description in it."""
    (tmp_path / "openapi.yaml").write_text(DESCRIPTION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def yett(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    return yett


@pytest.fixture
def app():
    """A running app that serves what `pages` has by path; `(None, body)` comes with 404."""
    pages: dict[str, bytes | tuple[None, bytes]] = {}

    class Pages(BaseHTTPRequestHandler):
        """Answers GET."""

        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(200 if isinstance(body, bytes) else 404)
            self.end_headers()
            self.wfile.write(body[1] if isinstance(body, tuple) else body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", pages
        finally:
            server.shutdown()
            thread.join()
