"""Plans that are wrong, each written into a folder of its own."""

import pytest

DESCRIPTION = """\
openapi: 3.1.0
info: {title: Notes, version: "1"}
servers: [{url: https://api.example.com/v1}]
paths:
  /notes:
    get: {operationId: listNotes, responses: {"200": {description: all}}}
    post: {security: [{bearer: [write]}, {key: []}], responses: {"201": {description: made}}}
  /open:
    get: {operationId: open, security: [], responses: {"200": {description: it}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    key: {type: apiKey, in: header, name: X-Notes-Key}
"""
API = ["openapi: notes.yaml", "upstream: {urls: [http://127.0.0.1:9000]}"]


def plan_of(bad: dict) -> bytes:
    if "plan" in bad:
        return bad["plan"].encode().replace(b"\\xff", b"\xff")
    added = bad.get("api", "").splitlines()
    keys = {line.split(":")[0] for line in added}
    lines = [*(line for line in API if line.split(":")[0] not in keys), *added]
    gateway = f"gateway: {{{bad['gateway']}}}\n" if "gateway" in bad else ""
    top = f"{bad['top']}\n" if "top" in bad else ""
    below = "".join(f"    {line}\n" for line in lines)
    return f"yett: 1\n{gateway}{top}apis:\n  notes:\n{below}".encode()


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes a plan and what stands beside it, and makes its folder the current one: messages name relative paths."""

    def written(bad: dict):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "yett.yaml").write_bytes(plan_of(bad))
        if not bad.get("missing"):
            (tmp_path / "notes.yaml").write_text(bad.get("description", DESCRIPTION))
        for name, text in bad.get("files", {}).items():
            (tmp_path / name).write_text(text)

    return written
