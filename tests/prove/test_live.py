"""`--live`: against a gateway that runs, exact reasons come from its evidence; what cannot be shown is never passed."""

import json
import time

import pytest

from yett.policy.check import accept
from yett.prove.cases import read_reasons
from yett.prove.issuer import Issuer
from yett.prove.live import Endpoint, LiveError
from yett.prove.proof import Report, proven_live
from yett.prove.real import variable
from yett.prove.stub import Stub
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
    return proven_live(accept(folder / "yett.yaml"), read_reasons(), url, path, lambda _: None)


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
    assert report.holds


def test_without_a_credential_nothing_that_needs_one_is_proven(running, monkeypatch):
    monkeypatch.delenv("YETT_PROVE_BEARER")
    states = {row.reason.id: row for row in prove(*running).rows}
    row = states["validate.parameter.repeated"]
    assert str(row.attack) == "not proven here"
    assert "things: listThings: set YETT_PROVE_BEARER" in row.proofs[0].told


def test_an_attack_that_succeeds_falls_short(running):
    """The plan that is proven is stricter than the one that serves."""
    url, folder = running
    stricter = folder / "stricter"
    stricter.mkdir()
    for name in ("yett.yaml", "jwks.json"):
        (stricter / name).write_text((folder / name).read_text())
    (stricter / "openapi.yaml").write_text(
        DESCRIPTION.replace("{type: string}, example: a", "{type: string, enum: [a]}")
    )
    found = proven_live(accept(stricter / "yett.yaml"), read_reasons(), url, folder / "evidence.jsonl", lambda _: None)
    (row,) = (row for row in found.rows if row.reason.id == "contract.parameter.invalid")
    assert str(row.attack) == "falls short"
    assert row.proofs[0].told == ["things: listThings: the attack got status 204, released"]
    assert not found.holds


@pytest.mark.parametrize("url", ["ftp://a.example", "a.example", "http://a.example/v1"])
def test_what_is_no_gateway(url):
    with pytest.raises(LiveError, match="expected http://HOST"):
        Endpoint.of(url)


def test_nobody_there():
    with pytest.raises(LiveError, match="cannot be reached"):
        Endpoint("127.0.0.1", 1, False).connect()


def test_variables_are_named_after_schemes():
    assert variable("oauth-2.0") == "YETT_PROVE_OAUTH_2_0"
