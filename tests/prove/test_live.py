"""`--live`: against a gateway that runs, exact reasons come from its evidence; what cannot be shown is never passed."""

import json
import socketserver
import subprocess
import sys
import threading
import time

import pytest

from yett.policy.check import accept
from yett.prove.cases import read_reasons
from yett.prove.endpoint import LiveError
from yett.prove.issuer import Issuer
from yett.prove.proof import Report, proven_live
from yett.prove.real import variable
from yett.prove.stub import Stub
from yett.prove.wire import converse
from yett.prove.world import World
from yett.serve.gateway import Gateway

DESCRIPTION = """
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      security: [{bearer: []}]
      parameters: [{name: q, in: query, schema: {type: string}, example: a}]
      responses: {"204": {description: nothing}}
    post:
      operationId: addThing
      security: [{bearer: []}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}
      responses: {"204": {description: nothing}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
"""
PLAN = """
yett: 1
evidence: [{file: evidence.jsonl}]
apis:
  things:
    openapi: openapi.yaml
    upstream: {urls: [%s]}
    security: {default: bearer}
    credentials: {bearer: {jwt: {issuer: https://i.example, audience: things, jwks: {file: jwks.json}}}}
    limit: none
"""


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A gateway with an issuer of its own, and the token in the environment."""
    issuer, now = Issuer.create(), int(time.time())
    (tmp_path / "openapi.yaml").write_text(DESCRIPTION)
    (tmp_path / "jwks.json").write_text(json.dumps(issuer.key_set()))
    claims = {"iss": "https://i.example", "aud": "things", "sub": "anna", "exp": now + 600}
    token = issuer.sign([("alg", "ES256"), ("kid", "proof")], list(claims.items()), "own")
    monkeypatch.setenv("YETT_PROVE_BEARER", token)
    with Stub().serving() as stub:
        (tmp_path / "yett.yaml").write_text(PLAN % stub.url)
        with Gateway(tmp_path / "yett.yaml") as gateway:
            yield gateway.url, tmp_path


def prove(url, folder, evidence="evidence.jsonl") -> Report:
    path = None if evidence is None else folder / evidence
    return proven_live(World(accept(folder / "yett.yaml")), read_reasons(), url, path, lambda _: None)


def test_exact_reasons_come_from_evidence(running):
    report = prove(*running)
    states = {row.reason.id: (str(row.attack), str(row.twin), str(row.ablation)) for row in report.rows}
    short = [proof.as_json() for row in report.rows if row.falls_short for proof in row.proofs]
    assert report.holds, short
    for reason in (
        "admit.length.conflicting",
        "admit.path.dot_segment",
        "authenticate.credential.missing",
        "authenticate.token.unsigned",
        "authenticate.token.malformed",
        "authenticate.signature.invalid",
        "validate.parameter.repeated",
        "contract.parameter.undeclared",
    ):
        assert states[reason] == ("holds", "holds", "not proven here"), reason
    for reason in ("authenticate.token.expired", "limit.address.exceeded", "receive.body.malformed"):
        assert states[reason][0] in ("not proven here", "not in this plan"), reason
    # Its twin would write.
    assert states["validate.body.duplicate"] == ("holds", "not proven here", "not proven here")


def test_without_evidence_no_attack_is_proven(running):
    report = prove(*running, evidence=None)
    assert {str(row.attack) for row in report.rows} == {"not proven here", "not in this plan"}
    assert (report.holds, report.shows_something) == (False, False)
    (often, _), *_ = report.why_unproven().most_common()
    assert often == "without --evidence a refusal is not known to be the right one"


def test_without_a_credential_nothing_that_needs_one_is_proven(running, monkeypatch):
    monkeypatch.delenv("YETT_PROVE_BEARER")
    report = prove(*running)
    (row,) = (row for row in report.rows if row.reason.id == "validate.parameter.repeated")
    assert (row.attack, row.proofs[0].told[0]) == (
        "not proven here",
        "set YETT_PROVE_BEARER to a token or key of bearer",
    )


def test_a_twin_that_would_write_is_said(running):
    (row,) = (row for row in prove(*running).rows if row.reason.id == "validate.body.duplicate")
    assert row.why_unproven() == {"its twin would write"}


class Counting(Stub):
    """Counts what would have written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def converse(self, connection):
        with connection:
            while octets := connection.recv(65536):
                self.writes += octets.count(b"POST /things")
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def test_no_benign_request_writes(tmp_path):
    text = DESCRIPTION.replace("security: [{bearer: []}]", "security: []")
    start, end = text.index("    get:"), text.index("    post:")
    (tmp_path / "openapi.yaml").write_text(text[:start] + text[end:])
    counting = Counting()
    with counting.serving() as stub:
        plan = (PLAN % stub.url).split("    security")[0] + "    limit: none\n"
        (tmp_path / "yett.yaml").write_text(plan)
        with Gateway(tmp_path / "yett.yaml") as gateway:
            report = prove(gateway.url, tmp_path)
    assert counting.writes == 0
    (row,) = (row for row in report.rows if row.reason.id == "admit.length.conflicting")
    assert row.why_unproven() == {"its twin would write"}


def test_a_credential_that_is_refused_ends_the_proof(running, monkeypatch):
    other = Issuer.create()
    token = other.sign([("alg", "ES256"), ("kid", "proof")], [("iss", "https://i.example"), ("sub", "anna")], "own")
    monkeypatch.setenv("YETT_PROVE_BEARER", token)
    said = "YETT_PROVE_BEARER: the credential is refused, at things: listThings: status 401"
    with pytest.raises(LiveError, match=f"^{said}, refused by authenticate.signature.invalid$"):
        prove(*running)
    with pytest.raises(LiveError, match=f"^{said}$"):
        prove(*running, evidence=None)


@pytest.fixture
def stricter(running):
    """A plan that forbids more than the one that is served."""
    url, served = running
    folder = served / "stricter"
    folder.mkdir()
    for name in ("yett.yaml", "jwks.json"):
        (folder / name).write_text((served / name).read_text())
    (folder / "openapi.yaml").write_text(DESCRIPTION.replace("{type: string}, example: a", "{type: string, enum: [a]}"))
    return url, folder


def test_an_attack_that_succeeds_falls_short(stricter):
    found = prove(*stricter, evidence=None)
    (row,) = (row for row in found.rows if row.reason.id == "contract.parameter.invalid")
    assert str(row.attack) == "falls short"
    assert row.proofs[0].told == ["things: listThings: the attack got status 204"]
    assert not found.holds


def test_what_falls_short_is_exit_code_1(stricter):
    url, folder = stricter
    command = [sys.executable, "-m", "yett.cli", "prove", "--live", url, "--only", "contract.parameter.invalid"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "falls short" in done.stdout
    assert "things: listThings: the attack got status 204" in " ".join(done.stdout.split())


def test_another_plan_than_the_one_that_serves(stricter):
    url, folder = stricter
    with pytest.raises(LiveError, match=r"serves the plan [0-9a-f]{12}, expected [0-9a-f]{12}: reload the gateway"):
        prove(url, folder, "../evidence.jsonl")


def test_evidence_of_another_gateway(running):
    url, folder = running
    (folder / "other.jsonl").touch()
    with pytest.raises(LiveError, match=r"other\.jsonl has no line of a request that 127\.0\.0\.1:\d+ has refused"):
        prove(url, folder, "other.jsonl")


def test_what_is_no_yett_gets_nothing_more(running):
    _, folder = running
    with Stub().serving() as bare, pytest.raises(LiveError, match=r"is no Yett: .* got status 204, expected a refusal"):
        prove(bare.url, folder, None)


@pytest.fixture
def bad_gateway(running):
    """Before the gateway, a proxy that lets refusals through and answers 502 in place of what the API says."""
    url, _ = running
    host, _, port = url.removeprefix("http://").partition(":")

    class Proxy(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard = converse((host, int(port)), None, self.request.recv(65536), ends=True)
            said = heard.octets if heard.is_refusal else b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
            self.request.sendall(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_an_answer_of_a_proxy_is_no_twin_that_passes(running, bad_gateway):
    _, folder = running
    (row,) = (row for row in prove(bad_gateway, folder, None).rows if row.reason.id == "validate.parameter.repeated")
    assert row.twin == "not proven here"


def test_variables_are_named_after_schemes():
    assert variable("oauth-2.0") == "YETT_PROVE_OAUTH_2_0"
