"""What the plan is told of each operation: parameters, bodies, replies, security, and why an operation is closed."""

import pytest

from yett.openapi import read
from yett.openapi.template import in_url

INFO = {"title": "t", "version": "1"}
JSON = {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
VAGUE = "the body of {} may hold anything: no schema declares its members"
OK = {"responses": {"200": {"description": ""}}}


def api(operation, path="/a", method="post", **fields):
    return {"openapi": "3.1.0", "info": INFO, "paths": {path: {method: {**OK, **operation}}}, **fields}


@pytest.fixture
def only(described):
    """The one operation of a description."""

    def read(main, *args, **others):
        (operation,) = described(main, *args, **others).operations
        return operation

    return read


def test_a_whole_operation_as_the_plan_writes_it(only):
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
        {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "number"}}},
    ]
    operation = {
        "operationId": "makeThing",
        "parameters": parameters,
        "requestBody": {"required": True, "content": JSON},
        "responses": {
            "200": {"description": "", "content": JSON},
            "4XX": {"description": ""},
            "default": {"description": ""},
        },
    }
    assert only(api(operation, "/things/{id}")).plan() == {
        "id": "makeThing",
        "method": "POST",
        "path": "/things/{id}",
        "closed": None,
        "parameters": [
            {
                "in": "path",
                "name": "id",
                "required": True,
                "style": "simple",
                "explode": False,
                "types": ["integer"],
                "items": [],
                "members": {},
                "others": [],
                "member_items": {},
                "other_items": [],
                "schema": "#/$defs/makeThing.path.id",
                "allow_empty": False,
            },
            {
                "in": "query",
                "name": "tags",
                "required": False,
                "style": "form",
                "explode": True,
                "types": ["array"],
                "items": ["number"],
                "members": {},
                "others": [],
                "member_items": {},
                "other_items": [],
                "schema": "#/$defs/makeThing.query.tags",
                "allow_empty": False,
            },
        ],
        "body": {"required": True, "content": {"application/json": "#/$defs/makeThing.body"}},
        "replies": {
            "200": {"content": {"application/json": "#/$defs/makeThing.body"}},
            "4XX": {"content": {}},
            "default": {"content": {}},
        },
    }


def test_an_operation_without_an_id_is_named_by_method_and_path(only):
    assert only(api({}, "/a/b", "get")).id == "GET /a/b"


@pytest.mark.parametrize(
    ("schema", "types", "items", "members"),
    [
        ({}, ["string"], [], {}),
        ({"type": "string"}, ["string"], [], {}),
        ({"type": ["string", "null"]}, ["string"], [], {}),
        ({"type": "null"}, ["null"], [], {}),
        ({"type": "integer"}, ["integer"], [], {}),
        ({"type": "number"}, ["number"], [], {}),
        ({"type": "boolean"}, ["boolean"], [], {}),
        ({"enum": [1, 2]}, ["integer"], [], {}),
        ({"enum": ["a", 1.5]}, ["number", "string"], [], {}),
        ({"const": True}, ["boolean"], [], {}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ["integer", "string"], [], {}),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": "integer"}]}, ["integer"], [], {}),
        ({"$ref": "#/components/schemas/Number"}, ["number"], [], {}),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Number"}}, ["array"], ["number"], {}),
        ({"type": "array", "items": {}}, ["array"], ["string"], {}),
        (
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
            ["array", "string"],
            ["integer"],
            {},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}},
            ["object"],
            [],
            {"a": ["integer"], "b": ["string"]},
        ),
        (
            {
                "type": "object",
                "allOf": [{"properties": {"a": {"type": "boolean"}}}],
                "properties": {"b": {"type": "number"}},
            },
            ["object"],
            [],
            {"a": ["boolean"], "b": ["number"]},
        ),
    ],
)
def test_how_texts_are_read(only, schema, types, items, members):
    components = {"schemas": {"Number": {"type": "number"}}}
    operation = {"parameters": [{"name": "q", "in": "query", "schema": schema}]}
    (parameter,) = only(api(operation, components=components)).parameters
    assert parameter.texts[:3] == (types, items, members)


def test_how_members_of_other_names_are_read(only):
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "integer"}}
    (parameter,) = only(api({"parameters": [{"name": "q", "in": "query", "schema": schema}]})).parameters
    assert parameter.texts == (["object"], [], {"a": ["string"]}, ["integer"], {}, [])


def test_how_items_of_members_are_read(only):
    def listed(kind):
        return {"type": "array", "items": {"type": kind}}

    schema = {"type": "object", "properties": {"a": listed("integer")}, "additionalProperties": listed("boolean")}
    (parameter,) = only(api({"parameters": [{"name": "q", "in": "query", "schema": schema}]})).parameters
    assert parameter.texts == (["object"], [], {"a": ["array"]}, ["array"], {"a": ["integer"]}, ["boolean"])


def test_parameters_of_the_path_and_three_headers_that_are_ignored(only):
    main = api({"parameters": [{"name": "a", "in": "query", "required": True, "schema": {}}]})
    main["paths"]["/a"]["parameters"] = [
        {"name": "a", "in": "query", "schema": {}},
        {"name": "b", "in": "query", "schema": {}},
        *(
            {"name": name, "in": "header", "schema": {}}
            for name in ("Accept", "content-type", "Authorization", "X-Own")
        ),
    ]
    found = [(parameter.name, parameter.required) for parameter in only(main).parameters]
    assert found == [("a", True), ("b", False), ("X-Own", False)]


def test_a_parameter_that_is_json(only):
    parameter = {"name": "q", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}}
    (found,) = only(api({"parameters": [parameter]})).parameters
    assert found.style == "json"


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"requestBody": {"content": {"text/plain": {}}}}, "the body is text/plain, which is not read yet"),
        (
            {"requestBody": {"content": {"Multipart/Form-Data; a=b": {}, "image/*": {}}}},
            "the body is multipart/form-data or image/*, which is not read yet",
        ),
        (
            {"parameters": [{"name": "q", "in": "query", "content": {"text/xml": {}}}]},
            "the query parameter q is text/xml, which is not read yet",
        ),
        ({"servers": [{"url": "/other"}]}, "its own servers stand below /other, the API below /"),
        (
            {"parameters": [{"name": "q", "in": "query", "schema": {"$dynamicRef": "#x"}}]},
            "the query parameter q uses $dynamicRef in a schema",
        ),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"$id": "urn:x", "items": {}}}}}},
            "the body application/json uses $id in a schema",
        ),
        (
            {"responses": {"200": {"description": "", "content": {"a/b+json": {"schema": {"$schema": "urn:x"}}}}}},
            "reply 200 a/b+json uses the schema dialect urn:x",
        ),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Loop"}}}}},
            "the body application/json uses a schema that refers to itself without a member or an item between",
        ),
    ],
)
def test_closed_operations_say_why(only, operation, reason):
    components = {"schemas": {"Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}]}}}
    found = only(api(operation, components=components))
    assert found.closed == reason
    assert (found.parameters, found.body, found.replies) == ((), None, {})


@pytest.mark.parametrize(
    ("path", "method", "reason"),
    [
        ("/a", "trace", "TRACE is never forwarded (RFC 9110 §9.3.8)"),
        ("/a?b=c", "get", "its path holds a query or a fragment, which no path has"),
        ("/a#b", "get", "its path holds a query or a fragment, which no path has"),
        ("/{x}/{x}", "get", "its path names a parameter twice"),
        ("/a%2fb", "get", "its path holds %2f, which is refused in every request"),
        ("/a%25b", "get", "its path holds %25, which is refused in every request"),
        ("/a%7Bx%7D", "get", "its path holds %7B, which is refused in every request"),
        ("/a%00", "get", "its path holds %00, which is refused in every request"),
        ("/a\\b", "get", "its path holds \\, which is refused in every request"),
        ("/a//b", "get", "its path holds an empty segment, which is refused in every request"),
        ("/a/%2E%2E;v=1/b", "get", "its path holds a dot segment, which is refused in every request"),
        ("/{x}{y}", "get", "its path has two parameters with nothing between them"),
    ],
)
def test_closed_paths(only, path, method, reason):
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {}} for name in ("x", "y") if f"{{{name}}}" in path
    ]
    assert only(api({"parameters": parameters}, path, method)).closed == reason


def test_a_path_is_compared_decoded_and_asked_for_encoded(only):
    parameters = [{"name": "%c", "in": "path", "required": True, "schema": {}}]
    operation = only(api({"parameters": parameters}, "/caf%C3%A9;v=1/x%20{%c}/"))
    assert (operation.path, operation.template) == ("/caf%C3%A9;v=1/x%20{%c}/", "/café;v=1/x {%c}/")
    assert operation.plan()["path"] == operation.template
    assert in_url(operation.template) == "/caf%C3%A9%3Bv=1/x%20{%c}/"


def test_the_dialect_of_the_document(only):
    main = api({"requestBody": {"content": JSON}}, jsonSchemaDialect="http://json-schema.org/draft-04/schema#")
    assert (
        only(main).closed == "the body application/json uses the schema dialect http://json-schema.org/draft-04/schema#"
    )


@pytest.mark.parametrize(
    ("content", "offered", "notes"),
    [
        ({"application/json": {}}, {"application/json": None}, (VAGUE.format("application/json"),)),
        ({"application/JSON; charset=utf-8": {}}, {"application/json": None}, (VAGUE.format("application/json"),)),
        (
            {"application/problem+json": {}},
            {"application/problem+json": None},
            (VAGUE.format("application/problem+json"),),
        ),
        ({"*/*": {}}, {"application/json": None}, (VAGUE.format("application/json"),)),
        (
            {"application/json": {}, "application/xml": {}},
            {"application/json": None},
            ("a body of application/xml is not read yet, and refused", VAGUE.format("application/json")),
        ),
    ],
)
def test_bodies_offer_json(only, content, offered, notes):
    operation = only(api({"requestBody": {"content": content}}))
    assert operation.closed is None
    assert operation.body.content == offered
    assert operation.notes == notes


@pytest.mark.parametrize(
    ("content", "offered"),
    [
        ({}, {}),
        ({"image/png": {}}, {"image/png": None}),
        ({"text/csv": {"schema": {"type": "string"}}}, {"text/csv": None}),
        ({"*/*": {"schema": {"type": "boolean"}}}, {"application/json": "#/$defs/POST_a.200"}),
        ({"*/*": {"schema": {"type": "string"}}}, {"application/json": "#/$defs/POST_a.200", "*/*": None}),
        ({"*/*": {}}, {"application/json": None, "*/*": None}),
    ],
)
def test_replies_keep_what_is_declared(only, content, offered):
    operation = only(api({"responses": {"200": {"description": "", "content": content}}}))
    assert operation.replies["200"].content == offered


@pytest.mark.parametrize(
    ("root", "own", "found"),
    [
        (None, None, None),
        ([{"key": []}], None, [[("key", ())]]),
        ([{"key": []}], [], []),
        (None, [{}], [[]]),
        ([{"key": []}], [{"oauth": ["a", "b"], "key": []}, {}], [[("oauth", ("a", "b")), ("key", ())], []]),
    ],
)
def test_security(only, root, own, found):
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "oauth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {"a": "", "b": ""}}}},
    }
    fields = {"components": {"securitySchemes": schemes}} | ({} if root is None else {"security": root})
    assert only(api({} if own is None else {"security": own}, **fields)).security == found


def test_schemes(described):
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "bearer": {"type": "http", "scheme": "Bearer"},
        "oauth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/t", "scopes": {"b": "", "a": ""}}}},
        "same": {"$ref": "#/components/securitySchemes/key"},
    }
    found = described(api({}, components={"securitySchemes": schemes})).schemes
    assert [(name, one.kind, one.location, one.parameter, one.scheme, one.scopes) for name, one in found.items()] == [
        ("key", "apiKey", "header", "X-Key", "", ()),
        ("bearer", "http", "", "", "bearer", ()),
        ("oauth", "oauth2", "", "", "", ("a", "b")),
        ("same", "apiKey", "header", "X-Key", "", ()),
    ]


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ([], ""),
        ([{"url": "https://example.com"}], ""),
        ([{"url": "https://example.com/v1/"}], "/v1"),
        ([{"url": "/v1"}, {"url": "/v2"}], "/v1"),
        ([{"url": "v1"}], "/v1"),
        ([{"url": "./v1"}], "/v1"),
        (
            [{"url": "{scheme}://h/{v}/x", "variables": {"scheme": {"default": "https"}, "v": {"default": "v3"}}}],
            "/v3/x",
        ),
    ],
)
def test_base(described, servers, base):
    assert described(api({}, servers=servers)).base == base


def test_servers_of_an_operation_with_the_same_base(only):
    servers = [{"url": "https://b.example/v1"}]
    assert only(api({"servers": servers}, servers=[{"url": "https://a.example/v1"}])).closed is None


def test_references_across_files(described, accepts):
    main = (
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /pets:\n    $ref: 'paths/pets.yaml'\n"
        "components:\n  schemas:\n    Owner: {type: object, properties: {pet: {$ref: 'schemas/pet.json'}}}\n"
    )
    pets = (
        "post:\n  requestBody: {$ref: '../bodies.yaml#/Pet'}\n"
        "  responses:\n    '200': {description: '', content: {application/json: "
        "{schema: {$ref: '../openapi.yaml#/components/schemas/Owner'}}}}\n"
    )
    bodies = "Pet: {content: {application/json: {schema: {$ref: 'schemas/pet.json'}}}}\n"
    pet = {"type": "object", "properties": {"owner": {"$ref": "../openapi.yaml#/components/schemas/Owner"}}}
    files = {"paths/pets.yaml": pets, "bodies.yaml": bodies, "schemas/pet.json": pet}
    description = described(main, "openapi.yaml", **files)
    assert sorted(description.schemas) == ["Owner", "pet"]
    assert sorted(path.name for path in description.files) == ["bodies.yaml", "openapi.yaml", "pet.json", "pets.yaml"]
    (operation,) = description.operations
    assert accepts(description, operation.body.content["application/json"], {"owner": {"pet": {"owner": {}}}})
    assert not accepts(description, operation.body.content["application/json"], {"owner": {"pet": {"other": {}}}})


def test_files_are_watched_by_the_names_that_lead_to_them(described, tmp_path, one_schema):
    described(one_schema({"$ref": "pet.json"}), "v1/openapi.json", **{"v1/pet.json": {"type": "string"}})
    (tmp_path / "data").symlink_to("v1")
    for name in ("openapi.json", "pet.json"):
        (tmp_path / name).symlink_to(f"data/{name}")
    assert read(tmp_path / "openapi.json").files == (tmp_path / "openapi.json", tmp_path / "pet.json")


def test_operations_beside_a_reference_and_behind_it(described):
    item = {"get": {**OK, "operationId": "behind"}, "put": {**OK, "operationId": "put"}}
    item["parameters"] = [{"name": "q", "in": "query", "schema": {}}]
    main = api({})
    main["paths"] = {"/a": {"$ref": "item.json", "get": {**OK, "operationId": "beside"}}}
    operations = described(main, **{"item.json": item}).operations
    assert [(one.id, [each.name for each in one.parameters]) for one in operations] == [
        ("beside", ["q"]),
        ("put", ["q"]),
    ]
