"""Replay: what a real gateway recorded is decided again; a changed line differs; what was not recorded is said."""

import json
import time

import pytest

from yett.evidence.read import EvidenceError, read_lines
from yett.evidence.replay import Replay
from yett.prove.issuer import Issuer
from yett.prove.stub import Stub
from yett.prove.wire import converse
from yett.serve.gateway import Gateway

DESCRIPTION = """
openapi: 3.1.0
info: {title: a, version: "1"}
paths:
  /health:
    get: {operationId: health, security: [], responses: {"204": {description: up}}}
  /things/{id}:
    get:
      operationId: getThing
      security: [{bearer: [read]}]
      parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"204": {description: nothing}}
    delete:
      operationId: deleteThing
      security: [{bearer: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"204": {description: nothing}}
  /notes:
    get:
      operationId: listNotes
      security: [{bearer: [write]}, {session: []}]
      responses: {"204": {description: nothing}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}, session: {type: http, scheme: bearer}}}
"""
PLAN = """
yett: 1
evidence: [{file: evidence.jsonl}]
apis:
  things:
    openapi: openapi.yaml
    upstream: {urls: [%s]}
    credentials:
      bearer:
        jwt: {issuer: https://i.example, audience: things, jwks: {file: jwks.json}, role_claim: https://i.example/roles}
      session: {jwt: {issuer: https://i.example, audience: things, jwks: {file: jwks.json}}}
    authorize: [{operations: [deleteThing], role: admin}]
"""
THING = "/things/7c9e6679-7425-40de-944b-e07fc1f90ae1"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The folder of a gateway that has served these requests and ended."""
    folder, issuer, now = tmp_path_factory.mktemp("replay"), Issuer.create(), int(time.time())
    (folder / "openapi.yaml").write_text(DESCRIPTION)
    (folder / "jwks.json").write_text(json.dumps(issuer.key_set()))

    def token(**changes) -> str:
        benign = {
            "iss": "https://i.example",
            "aud": "things",
            "sub": "anna",
            "exp": now + 600,
            "email": "anna@x.example",
        }
        claims = [*(benign | changes).items()]
        return f"Authorization: Bearer {issuer.sign([('alg', 'ES256'), ('kid', 'proof')], claims, 'own')}\r\n"

    admin = {"https://i.example/roles": ["admin"]}
    requests = {
        "permitted": f"GET {THING} HTTP/1.1\r\n{token(scope='read write')}",
        "open": "GET /health HTTP/1.1\r\n",
        "deleted": f"DELETE {THING} HTTP/1.1\r\n{token(**admin)}",
        "role": f"DELETE {THING} HTTP/1.1\r\n{token()}",
        "scope": f"GET {THING} HTTP/1.1\r\n{token(scope='write')}",
        "stranger": f"GET {THING} HTTP/1.1\r\n",
        "expired": f"GET {THING} HTTP/1.1\r\n{token(scope='read', exp=now - 3600)}",
        "forged": f"GET {THING} HTTP/1.1\r\n{token()[:-6]}AAAA\r\n",
        "invalid": f"GET /things/7 HTTP/1.1\r\n{token(scope='read')}",
        "unknown": "GET /debug HTTP/1.1\r\n",
        "second": f"GET /notes HTTP/1.1\r\n{token(scope='read')}",
        "ambiguous": "GET //health HTTP/1.1\r\n",
    }
    with Stub().serving() as stub:
        (folder / "yett.yaml").write_text(PLAN % stub.url)
        with Gateway(folder / "yett.yaml") as gateway:
            host, _, port = gateway.url.removeprefix("http://").partition(":")
            for number, request in enumerate(requests.values(), 1):
                trace = f"traceparent: 00-{number:032x}-00f067aa0ba902b7-01\r\n"
                octets = f"{request}Host: a\r\n{trace}Connection: close\r\n\r\n".encode()
                converse((host, int(port)), None, octets)
    return folder, list(requests)


def replayed(folder, lines):
    path = folder / "again.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return list(Replay(folder / "plans").lines(read_lines(path)))


def written(folder):
    """The lines by when their requests were sent; threads write in their own order."""
    lines = map(json.loads, (folder / "evidence.jsonl").read_text().splitlines())
    return sorted(lines, key=lambda line: int(line["trace_id"], 16))


def test_every_line_is_decided_again_or_said_to_be_taken(recorded):
    folder, names = recorded
    found = {name: each.as_json() for name, each in zip(names, replayed(folder, written(folder)), strict=True)}
    told = {name: (each["recorded"], each["replayed"], each["taken"]) for name, each in found.items()}
    rest = "target, headers, body, counters and reply"
    assert told == {
        "permitted": ("permitted", "re-decided", rest),
        "open": ("permitted", "re-decided", rest),
        "deleted": ("permitted", "re-decided", rest),
        "role": ("authorize.role.missing", "re-decided", None),
        "scope": ("authorize.scope.missing", "re-decided", None),
        "stranger": ("authenticate.credential.missing", "re-decided", None),
        "expired": ("authenticate.token.expired", "re-decided", None),
        "forged": ("authenticate.signature.invalid", "taken as recorded", "the credential"),
        "invalid": ("contract.parameter.invalid", "re-decided", "target, headers and body"),
        "unknown": ("resolve.operation.unknown", "taken as recorded", "the target"),
        "ambiguous": ("admit.path.empty_segment", "taken as recorded", "the head"),
        "second": ("permitted", "re-decided", rest),
    }
    assert not [each["differs"] for each in found.values() if each["differs"]]


@pytest.mark.parametrize(
    ("name", "change", "differs"),
    [
        ("permitted", {"operation": "deleteThing", "method": "DELETE"}, "refused by authorize.role.missing"),
        ("permitted", {"proven": []}, "refused by authenticate.credential.missing"),
        ("permitted", {"time": "2050-01-01T00:00:00Z"}, "refused by authenticate.token.expired"),
        ("stranger", {"operation": "health"}, "let through"),
        ("expired", {"time": "2020-01-01T00:00:00Z"}, "let through"),
    ],
)
def test_a_line_that_was_changed_differs(recorded, name, change, differs):
    folder, names = recorded
    line = written(folder)[names.index(name)]
    (found,) = replayed(folder, [line | change])
    assert found.differs == differs


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"operation": "getNothing"}, "the plan has no operation 'getNothing' of 'things'"),
        ({"proven": [{"scheme": "gone"}]}, "the plan has no credential 'gone'"),
        ({"proven": [{}]}, "`proven` is not what is written of a credential (KeyError('scheme'))"),
        ({"proven": [{"scheme": "bearer", "typ": None}]}, "`proven` is not what is written of a credential"),
        ({"proven": [7]}, "`proven` is not what is written of a credential"),
    ],
)
def test_a_line_that_its_plan_contradicts_is_not_said_to_be_decided(recorded, change, said):
    folder, names = recorded
    line = written(folder)[names.index("permitted")]
    (found,) = replayed(folder, [line | change])
    assert (found.how, found.taken) == ("contradicts its plan", None)
    assert (found.differs or "").startswith(said)
    assert f"CONTRADICTS its plan: {said}" in str(found)


def test_a_plan_that_is_not_kept_is_said(recorded):
    folder, names = recorded
    line = written(folder)[names.index("role")]
    (found,) = replayed(folder, [line | {"plan": "0" * 64}])
    assert (found.how, found.differs) == ("taken as recorded", None)
    assert (found.taken or "").startswith("everything: plan 000000000000: ")


def test_a_plan_that_was_changed_is_not_believed(recorded):
    folder, names = recorded
    line = written(folder)[names.index("role")]
    (folder / "plans" / f"{'1' * 64}.json").write_bytes((folder / "plans" / f"{line['plan']}.json").read_bytes())
    (found,) = replayed(folder, [line | {"plan": "1" * 64}])
    assert "is not the plan of that hash" in (found.taken or "")


def test_no_secret_and_no_claim_that_the_plan_does_not_read_is_in_evidence(recorded):
    folder, _ = recorded
    text = (folder / "evidence.jsonl").read_text()
    assert "email" not in text
    assert "anna@x.example" not in text
    assert "eyJ" not in text


def test_what_is_no_evidence(tmp_path):
    path = tmp_path / "evidence.jsonl"
    path.write_text('{"time": "2026-01-01T00:00:00Z", "evidence_dropped": 3}\n{"trace_id": "a"}\n')
    with pytest.raises(EvidenceError, match=r"evidence\.jsonl:2: found no line of evidence"):
        list(read_lines(path))


@pytest.mark.parametrize("change", [{"plan": 7}, {"time": 7}, {"trace_id": None}, {"api": []}, {"proven": {}}, None])
def test_members_of_another_type_are_no_evidence(tmp_path, change):
    sound = {"time": "2026-11-24T12:00:00Z", "plan": "a", "trace_id": "b", "decision": "permitted", "client": "::1"}
    path = tmp_path / "evidence.jsonl"
    path.write_text(json.dumps(sound) + "\n" + json.dumps(change and sound | change) + "\n")
    with pytest.raises(EvidenceError, match=r"evidence\.jsonl:2: found no line of evidence"):
        list(read_lines(path))
