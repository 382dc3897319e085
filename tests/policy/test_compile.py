"""Property: a plan compiles to one document that names everything, and to the same bytes each time."""

import hashlib
import json

import pytest

from yett.catalogue import catalogue_hash
from yett.policy.compile import compile_plan
from yett.policy.findings import PlanError

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
    key: {type: apiKey, in: header, name: X-Notes-Key}
    query: {type: apiKey, in: query, name: key}
"""
PLAN = """\
yett: 1
apis:
  notes:
    openapi: notes.yaml
    upstream: {urls: [http://127.0.0.1:9000]}
"""


@pytest.fixture
def compiled(tmp_path):
    def compiled(more="", description=DESCRIPTION):
        (tmp_path / "notes.yaml").write_text(description)
        (tmp_path / "yett.yaml").write_text(PLAN + more)
        return compile_plan(tmp_path / "yett.yaml")

    return compiled


def api(compiled):
    return json.loads(compiled.plan)["apis"][0]


def operation(compiled, name):
    return next(each for each in api(compiled)["operations"] if each["id"] == name)


def problems(error):
    return [(each.found, each.expected) for each in error.value.problems]


KEYS = "    credentials: {key: {api_key: {}}}\n    security: {default: key}\n"


def test_three_lines_have_every_default(compiled):
    document = json.loads(compiled().plan)
    [gateway, [only]] = document["gateway"], document["apis"]
    assert document["yett"] == 1
    assert document["catalogue"] == catalogue_hash()
    assert gateway["head"] == {"bytes": 16384, "headers": 100, "target": 8192}
    assert gateway["timeouts"] == {"head": 10_000, "body": 30_000, "idle": 60_000, "drain": 30_000}
    assert (gateway["held_bytes"], gateway["listen"]) == (
        268_435_456,
        [{"address": "127.0.0.1:8080", "tls": None}],
    )
    assert only["upstream"] == {
        "urls": ["http://127.0.0.1:9000"],
        "timeout": 30_000,
        "connect": 5_000,
        "ejection": {"after": 5, "time": 5_000, "longest": 300_000},
        "health": None,
        "retries": {"attempts": 2, "budget": 20, "try_timeout": None},
        "connections": 1024,
    }
    assert [(each["by"], each["count"], each["period"], each["burst"]) for each in only["limits"]] == [
        ("address", 50, 1000, 100),
        ("subject", 50, 1000, 100),
    ]
    assert only["contract"]["body_bytes"] == only["contract"]["reply_bytes"] == 2**20
    assert (only["contract"]["json_depth"], only["contract"]["requests"], only["unlisted"]) == (
        32,
        "enforce",
        "enforce",
    )
    assert (only["base"], only["hosts"], only["cors"]) == ("/v1", ["*"], None)
    assert {"x-content-type-options", "content-security-policy"} <= {name for name, _ in only["headers"]}


def test_the_hash_is_of_the_bytes_and_the_bytes_are_the_same_each_time(compiled):
    first, second = compiled(KEYS), compiled(KEYS)
    assert first.plan == second.plan
    assert first.hash == hashlib.sha256(first.plan).hexdigest()


def test_who_may_call(compiled):
    plan = compiled(KEYS)
    assert operation(plan, "open")["security"] == [[]]
    assert operation(plan, "listNotes")["security"] == [[{"credential": "key", "scopes": []}]]
    assert operation(plan, "POST /notes")["security"] == [[{"credential": "key", "scopes": []}]]
    assert api(plan)["credentials"] == {"key": {"api_key": {"header": "x-notes-key"}}}
    assert not any(each["closed"] for each in api(plan)["operations"])


def test_what_nobody_can_verify_is_closed(compiled):
    plan = compiled()
    assert operation(plan, "listNotes")["closed"].startswith("neither description nor")
    assert operation(plan, "POST /notes")["closed"].startswith("it needs bearer (http bearer), of which")
    assert operation(plan, "POST /notes")["security"] == []
    assert operation(plan, "open")["closed"] is None
    assert [each.kind for each in plan.findings].count("warning") == 2


def test_a_key_in_the_query_is_not_verified(compiled):
    text = DESCRIPTION.replace("[{bearer: [write]}, {key: []}]", "[{query: []}]")
    plan = compiled("    credentials: {query: {api_key: {}}}\n", text)
    assert "API key in the query" in operation(plan, "POST /notes")["closed"]
    assert api(plan)["credentials"] == {}


def test_rules_add_roles_and_scopes(compiled):
    rules = "    authorize: [{operations: [POST /notes], role: [writer, admin], scope: notes.write}]\n"
    found = operation(compiled(KEYS + rules), "POST /notes")
    assert found["roles"] == ["writer", "admin"]
    assert found["security"] == [[{"credential": "key", "scopes": ["notes.write"]}]]


def test_report_reaches_the_guards_and_nothing_else(compiled):
    found = api(compiled(KEYS + "    mode: report\n"))
    assert [each["mode"] for each in found["limits"]] == ["report", "report"]
    assert (found["contract"]["requests"], found["contract"]["replies"], found["unlisted"]) == ("report",) * 3
    assert found["unlisted_security"] == [[{"credential": "key", "scopes": []}]]


def test_a_guarded_operation_is_not_made_public(compiled):
    with pytest.raises(PlanError) as error:
        compiled("    security: {public: [POST /notes]}\n")
    assert problems(error)[0][0] == "'POST /notes', which the description guards by bearer or key"


def test_a_role_for_strangers_is_an_error(compiled):
    with pytest.raises(PlanError) as error:
        compiled("    authorize: [{operations: [open], role: admin}]\n")
    assert problems(error) == [("'open', which strangers may call", "an operation that needs a credential")]


def test_an_operation_is_named_by_its_id_also_where_that_has_a_space(tmp_path):
    operation = {"operationId": "get it", "responses": {"204": {"description": "none"}}}
    document = {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"get": operation}}}
    (tmp_path / "a.json").write_text(json.dumps(document))
    api = "{openapi: a.json, upstream: {urls: [http://127.0.0.1:9]}, security: {public: [get it]}}"
    (tmp_path / "yett.yaml").write_text(f"yett: 1\napis: {{a: {api}}}\n")
    assert json.loads(compile_plan(tmp_path / "yett.yaml").plan)["apis"][0]["operations"][0]["id"] == "get it"


def test_unknown_operations_are_named_with_what_was_meant(compiled):
    with pytest.raises(PlanError) as error:
        compiled("    security: {public: [listNote]}\n")
    assert problems(error) == [
        ("the unknown operation 'listNote'", "one of listNotes, POST /notes, open; did you mean 'listNotes'?")
    ]


def test_plan_and_description_are_judged_together(compiled):
    with pytest.raises(PlanError) as error:
        compiled("    lmit: none\n", DESCRIPTION.replace("title: Notes, ", ""))
    assert {each.place.file.rpartition("/")[2] for each in error.value.problems} == {"notes.yaml", "yett.yaml"}


def test_evidence_is_kept_where_the_plan_says_nothing(compiled, tmp_path):
    assert json.loads(compiled().plan)["gateway"]["evidence"] == [{"file": "evidence.jsonl"}]
    for written, sinks in (("none", []), ("[]", []), ("stdout", ["stdout"]), ("{file: a}", [{"file": "a"}])):
        (tmp_path / "yett.yaml").write_text(f"evidence: {written}\n{PLAN}")
        assert json.loads(compile_plan(tmp_path / "yett.yaml").plan)["gateway"]["evidence"] == sinks


def test_schemas_lead_back_to_the_description(compiled):
    reply = """{description: all, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}"""
    text = DESCRIPTION.replace("{description: all}", reply) + "  schemas:\n    Note: {type: object, properties: {}}\n"
    place = compiled(KEYS, text).place("/apis/0/schemas/Note/properties/x")
    assert str(place).endswith("notes.yaml:16:11")


def test_parts_of_the_document_lead_back_to_the_source(compiled):
    plan = compiled(KEYS)
    assert str(plan.place("/apis/0/operations/1/parameters/x")).endswith("notes.yaml:7:5")
    assert str(plan.place("/apis/0/credentials/key")).endswith("yett.yaml:6:19")
    assert str(plan.place("/nowhere")).endswith("yett.yaml:1:1")


@pytest.mark.parametrize(
    ("member", "said"),
    [("d", "private member 'd'"), ("k", "private member 'k'")],
)
def test_private_keys_do_not_reach_the_plan(compiled, tmp_path, member, said):
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [{"kty": "EC", member: "AAAA"}]}))
    credentials = "    credentials: {bearer: {jwt: {issuer: a, audience: b, jwks: {file: jwks.json}}}}\n"
    with pytest.raises(PlanError) as error:
        compiled(credentials)
    assert said in str(error.value)
    assert "AAAA" not in str(error.value)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("{base: /v1}", "{base: /v1}", True),
        ("{base: /v1}", "{base: /v2}", False),
        ("{base: /v1, host: a.example}", "{base: /v1}", False),
        ("{base: /v1, host: a.example}", "{base: /v1, host: [b.example, a.example]}", True),
        ("{base: /v1, host: '*.example'}", "{base: /v1, host: a.example}", True),
    ],
)
def test_overlaps(tmp_path, one, other, overlap):
    (tmp_path / "notes.yaml").write_text(DESCRIPTION)
    entry = "    openapi: notes.yaml\n    upstream: {urls: [http://127.0.0.1:9000]}\n"
    text = f"yett: 1\napis:\n  a:\n{entry}    match: {one}\n  b:\n{entry}    match: {other}\n"
    (tmp_path / "yett.yaml").write_text(text)
    if not overlap:
        compile_plan(tmp_path / "yett.yaml")
        return
    with pytest.raises(PlanError) as error:
        compile_plan(tmp_path / "yett.yaml")
    assert [each.found for each in error.value.problems] == ["'b', which overlaps"]


def test_an_operation_that_another_api_hides_is_an_error(tmp_path):
    (tmp_path / "notes.yaml").write_text(DESCRIPTION)
    entry = "    openapi: notes.yaml\n    upstream: {urls: [http://127.0.0.1:9000]}\n"
    (tmp_path / "yett.yaml").write_text(f"yett: 1\napis:\n  a:\n{entry}  b:\n{entry}    match: {{base: /v1/open}}\n")
    with pytest.raises(PlanError) as error:
        compile_plan(tmp_path / "yett.yaml")
    assert [each.found for each in error.value.problems] == ["GET /open of 'a', which 'b' below /v1/open hides"]


def test_one_port_of_any_is_taken_at_each_address(compiled):
    gateway = json.loads(compiled("gateway: {listen: ['127.0.0.1:0', '127.0.0.2:0'], admin: '[::1]:0'}\n").plan)[
        "gateway"
    ]
    addresses = [each["address"] for each in gateway["listen"]]
    assert (addresses, gateway["admin"]) == (["127.0.0.1:0", "127.0.0.2:0"], "[::1]:0")
