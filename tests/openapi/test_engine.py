"""The engine itself: each benign request of the real descriptions is forwarded, each benign reply released as it is."""

from __future__ import annotations

import json
import tomllib
from base64 import b64decode, b64encode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from yett._engine import Prover
from yett.openapi import read
from yett.openapi.example import Answer, Examples, NoExampleError, Request
from yett.openapi.load import Document
from yett.openapi.problem import Problems
from yett.policy.compile import compile_plan

TABLE = tomllib.loads(Path(__file__).with_name("outcomes.toml").read_text())
OPEN = [name for name, outcome in TABLE.items() if outcome.get("open")]
NOW = 1_900_000_000


def public(document: dict[str, Any]) -> dict[str, Any]:
    """The description without its security: what is asked here is whether shapes are judged rightly."""
    document.pop("security", None)
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return document


def attempt(base: str, request: Request, answer: Answer | None) -> bytes:
    headers = [["host", "h"], *([name.lower(), value] for name, value in request.headers)]
    if request.body is not None:
        headers.append(["content-length", str(len(request.body))])
    answered = None
    if answer is not None:
        media = [["content-type", answer.media_type]] if answer.media_type else []
        answered = {"status": answer.status, "headers": media, "body": b64encode(answer.body).decode()}
    return json.dumps(
        {
            "now": NOW,
            "peer": "127.0.0.1",
            "method": request.method,
            "target": base + request.target,
            "headers": [[name, value.encode().decode("latin-1")] for name, value in headers],
            "body": None if request.body is None else b64encode(request.body).decode(),
            "answer": answered,
            "without": None,
        }
    ).encode()


@pytest.mark.parametrize("name", OPEN)
def test_benign_traffic_passes(shared_data, tmp_path, name):
    path = shared_data / "openapi" / name
    (tmp_path / "openapi.json").write_text(json.dumps(public(Document(name, path.read_bytes(), Problems()).root)))
    description = read(tmp_path / "openapi.json")
    operations = [f"{one.method} {one.path}" for one in description.operations]
    api = {"openapi": "openapi.json", "upstream": {"urls": ["http://127.0.0.1:9"]}, "limit": "none"}
    api["security"] = {"public": operations}
    plan = {"yett": 1, "gateway": {"listen": ["127.0.0.1:8080"]}, "apis": {"a": api}}
    (tmp_path / "yett.yaml").write_text(json.dumps(plan))
    prover = Prover(compile_plan(tmp_path / "yett.yaml").plan, [])
    examples = Examples(description, lambda place, value: prover.conforms(0, place, json.dumps(value).encode()))
    seen: Counter[str] = Counter()
    for operation in description.operations:
        if operation.closed is not None:
            continue
        try:
            whole, least = examples.request(operation), examples.request(operation, optional=False)
            answers = [examples.reply(operation, status) for status in operation.replies]
        except NoExampleError:
            assert operation.id in TABLE[name]["without_example"]
            continue
        for request in (whole, least):
            verdict = json.loads(prover.decide(attempt(description.base, request, None)))
            assert verdict["verdict"] == "forwarded", (operation.id, request, verdict)
            seen["forwarded"] += 1
        for answer in answers:
            verdict = json.loads(prover.decide(attempt(description.base, least, answer)))
            assert verdict["verdict"] == "released", (operation.id, answer, verdict)
            assert verdict["status"] == answer.status
            if answer.media_type is not None:  # an error without a body gets a problem document
                assert b64decode(verdict["body"]) == (b"" if operation.method == "HEAD" else answer.body), operation.id
            seen["released"] += 1
    assert seen["forwarded"] > 0


@pytest.mark.parametrize(
    ("schema", "fits", "differs"),
    [
        ({"pattern": r"^a\B"}, ["ab"], ["a\u00e4", "a"]),
        ({"pattern": r"\bfoo\b"}, ["a foo", "\u00e4foo"], ["afoo"]),
        (
            {"patternProperties": {r"^\d+$": {"type": "string"}, "^[0-9]+$": {"maxLength": 3}}},
            [{"1": "abc"}],
            [{"1": 7}, {"1": "abcd"}],
        ),
    ],
)
def test_patterns_mean_in_the_engine_what_they_mean_in_the_description(tmp_path, schema, fits, differs):
    body = {"content": {"application/json": {"schema": schema}}}
    item = {"post": {"security": [], "requestBody": body, "responses": {"200": {"description": ""}}}}
    info = {"title": "t", "version": "1"}
    (tmp_path / "openapi.json").write_text(json.dumps({"openapi": "3.1.0", "info": info, "paths": {"/a": item}}))
    api = {"openapi": "openapi.json", "upstream": {"urls": ["http://127.0.0.1:9"]}}
    (tmp_path / "yett.yaml").write_text(json.dumps({"yett": 1, "apis": {"a": api}}))
    prover = Prover(compile_plan(tmp_path / "yett.yaml").plan, [])
    found = {
        json.dumps(value): prover.conforms(0, "#/$defs/POST_a.body", json.dumps(value).encode())
        for value in fits + differs
    }
    assert found == {json.dumps(value): value in fits for value in fits + differs}
