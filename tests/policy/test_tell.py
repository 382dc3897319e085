"""Property: whatever a plan or its description leaves open, weakened or closed is told, each at its place."""

import json

import pytest

from yett.policy.compile import compile_plan

OK = {"200": {"description": ""}}
CREDENTIALS = {"credentials": {"key": {"api_key": {}}}, "security": {"default": "key"}}


def saying(schema):
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


OPERATIONS = {
    "/notes": {
        "get": {"operationId": "list", "responses": OK},
        "post": {"operationId": "add", "responses": OK},
    },
    "/open": {"get": {"operationId": "open", "security": [], "responses": OK}},
}


@pytest.fixture
def told(tmp_path):
    """What is told of a plan that has these keys, and a description that has these operations, as `pointer: text`."""

    def told(api=None, paths=OPERATIONS, schemas=None, **top):
        schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        described = {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": paths,
            "components": {"securitySchemes": schemes, "schemas": schemas or {}},
        }
        (tmp_path / "openapi.json").write_text(json.dumps(described))
        whole = {"openapi": "openapi.json", "upstream": {"urls": ["http://127.0.0.1:9000"]}, **CREDENTIALS}
        plan = {"yett": 1, **top, "apis": {"notes": {**whole, **(api or {})}}}
        (tmp_path / "yett.yaml").write_text(json.dumps(plan))
        found = compile_plan(tmp_path / "yett.yaml").findings
        return [f"{each.kind} {each.place.pointer}: {each.text}" for each in found]

    return told


STRANGERS = "note /apis/notes: notes: strangers may call operation open"


def test_a_plan_that_weakens_nothing(told):
    assert told() == [STRANGERS]


@pytest.mark.parametrize("written", ["none", []])
def test_no_evidence(told, written):
    assert told(evidence=written)[0] == "note /evidence: no evidence is kept: refusals leave no trace"


@pytest.mark.parametrize("demands", [[{}, {"key": []}], [{"key": []}, {}]])
def test_strangers_may_call_what_asks_for_a_credential_or_none(told, demands):
    paths = {"/a": {"get": {"operationId": "a", "security": demands, "responses": OK}}}
    assert told(paths=paths) == ["note /apis/notes: notes: strangers may call operation a"]


@pytest.mark.parametrize(
    ("api", "said"),
    [
        (
            {"contract": {"requests": "report"}},
            "note /apis/notes/contract/requests: notes: requests that break the contract are reported and pass",
        ),
        (
            {"contract": {"replies": "report"}},
            "note /apis/notes/contract/replies: notes: replies that break the contract are reported and pass",
        ),
        (
            {"contract": {"undeclared_errors": "pass"}},
            "note /apis/notes/contract/undeclared_errors: notes: bodies of undeclared errors pass as the upstream wrote"
            " them",
        ),
        (
            {
                "limit": [
                    {"by": "address", "allow": "1/second"},
                    {"by": "subject", "allow": "1/second", "mode": "report"},
                ]
            },
            "note /apis/notes/limit/1/mode: notes: the limit by subject reports and does not refuse",
        ),
        (
            {"limit": [{"by": "address", "allow": "1/second"}]},
            "note /apis/notes/limit: notes: no limit by subject",
        ),
        ({"limit": "none"}, "note /apis/notes/limit: notes: no limit holds"),
        (
            {
                "limit": [
                    {"by": by, "allow": "1/second", **more}
                    for by, more in (("address", {}), ("subject", {"operations": ["add"]}))
                ]
            },
            "note /apis/notes/limit: notes: no limit by subject counts operation list",
        ),
        ({"mode": "report", "unlisted": "refuse"}, "note /apis/notes/mode: notes: guards report and do not refuse"),
        (
            {"unlisted": "report"},
            "note /apis/notes/unlisted: notes: what no operation describes is reported and passes by"
            " `security.default`",
        ),
        (
            {"cors": {"origins": ["*"]}},
            "note /apis/notes/cors/origins: notes: scripts of every origin may read answers",
        ),
        (
            {"danger_keep_headers": ["cache-control"]},
            "danger /apis/notes/danger_keep_headers/0: cache-control is left to the upstream",
        ),
        (
            {"headers": {"X-Frame-Options": "ALLOWALL", "Referrer-Policy": "no-referrer", "X-Own": "1"}},
            "note /apis/notes/headers/X-Frame-Options: X-Frame-Options is 'ALLOWALL', by default 'DENY'",
        ),
    ],
)
def test_what_is_weakened(told, api, said):
    assert sorted(told(api)) == sorted([said, STRANGERS])


def overlapping(*, exact_first=False, security=None):
    less = {"/f/{name}": {"get": {"operationId": "less", "parameters": [NAME], "responses": OK}}}
    exact = {"/f/{name}.json": {"get": {"operationId": "exact", "parameters": [NAME], "responses": OK}}}
    if security is not None:
        exact["/f/{name}.json"]["get"]["security"] = security
    return {**exact, **less} if exact_first else {**less, **exact}


NAME = {"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}
SHADOWED = (
    "warning /paths/~1f~1{name}.json/get: GET /f/{name}.json: GET /f/{name} is declared before it and fits its paths "
    "too; a server that takes the first one runs that, which asks for other credentials, roles or scopes"
)


def warnings(found):
    return [each for each in found if each.startswith("warning")]


@pytest.mark.parametrize(
    ("api", "security"),
    [
        ({"authorize": [{"operations": ["less"], "role": "admin"}]}, None),
        ({"authorize": [{"operations": ["less"], "scope": "write"}]}, None),
        ({"authorize": [{"operations": ["exact"], "role": "admin"}]}, None),
        ({}, []),
    ],
)
def test_what_an_operation_declared_before_may_be_run_for(told, api, security):
    assert warnings(told(api, overlapping(security=security))) == [SHADOWED]
    assert warnings(told(api, overlapping(security=security, exact_first=True))) == []


@pytest.mark.parametrize(
    ("api", "security"),
    [
        ({}, None),
        ({}, [{"key": []}]),
        ({"authorize": [{"operations": ["less", "exact"], "role": ["b", "a"], "scope": "write"}]}, None),
        (
            {
                "authorize": [
                    {"operations": ["less"], "role": ["a", "b"]},
                    {"operations": ["exact"], "role": ["b", "a"]},
                ]
            },
            None,
        ),
    ],
)
def test_operations_that_ask_for_the_same_are_run_for_one_another(told, api, security):
    assert warnings(told(api, overlapping(security=security))) == []


def test_what_is_closed_may_be_run_for_what_is_not(told):
    paths = overlapping()
    paths["/f/{name}"]["get"]["servers"] = [{"url": "/elsewhere"}]
    closed, shadowed = warnings(told(paths=paths))
    assert "operation less is closed" in closed
    assert shadowed == SHADOWED.replace("asks for other credentials, roles or scopes", "is closed")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "2000::/3"])
def test_proxies_that_are_nearly_everybody(told, network):
    found = told(gateway={"trusted_proxies": ["10.0.0.0/8", "fc00::/7", network]})
    assert found[0].startswith(f"danger /gateway/trusted_proxies/2: {network} is nearly everybody")
    assert found[1:] == [STRANGERS]


def test_messages_that_may_hold_anything_are_named_by_operation(told):
    paths = {
        "/a": {"get": {"operationId": "a", "security": [{"key": []}], "responses": saying({})}},
        "/b": {"get": {"operationId": "b", "security": [{"key": []}], "responses": saying({"type": "integer"})}},
    }
    said = "operation a: the reply 200 of application/json may hold anything: no schema declares its members"
    assert told(paths=paths) == [f"note /paths/~1a/get: {said}"]


def test_places_of_the_author_are_told_before_those_that_a_framework_writes(told):
    schemas = {
        "ValidationError": {"type": "object", "properties": {"ctx": {"type": "object"}}},
        "Zoo": {"type": "object", "properties": {"extra": {"type": "object"}}},
    }
    both = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    paths = {"/a": {"get": {"operationId": "a", "security": [{"key": []}], "responses": saying({"oneOf": both})}}}
    [said] = (each for each in told(paths=paths, schemas=schemas) if "undeclared fields" in each)
    assert said == (
        "note /components/schemas/Zoo/properties/extra: undeclared fields pass where a schema declares none or allows"
        " any: /components/schemas/Zoo/properties/extra, /components/schemas/ValidationError/properties/ctx"
    )
