"""Descriptions that are refused: each with the exact line that a user sees, and all lines at once."""

import json

import pytest

from yett.openapi import DescriptionError, read

INFO = {"title": "t", "version": "1"}
OK = {"responses": {"200": {"description": ""}}}


def api(**fields):
    return {"openapi": "3.1.0", "info": INFO, "paths": {}, **fields}


def operation(path="/a", method="get", **fields):
    return api(paths={path: {method: {**OK, **fields}}})


def parameter(**fields):
    return operation(parameters=[{"name": "q", "in": "query", "schema": {}, **fields}])


def schema(value, version="3.1.0"):
    return {**operation(parameters=[{"name": "q", "in": "query", "schema": value}]), "openapi": version}


@pytest.mark.parametrize(
    ("main", "problem"),
    [
        ([], "an array without `openapi`, expected an OpenAPI 3.0 or 3.1 description"),
        ("null", "null without `openapi`, expected an OpenAPI 3.0 or 3.1 description"),
        ({"swagger": "2.0"}, "a Swagger 2.0 document without `openapi`, expected an OpenAPI 3.0 or 3.1 description"),
        (api(openapi="2.0"), "'2.0', expected 3.0.x or 3.1.x"),
        (api(openapi=3.1), "3.1, expected 3.0.x or 3.1.x"),
        (api(openapi="3.2.0"), "'3.2.0', expected 3.0.x or 3.1.x"),
        (api(info={"title": "t"}), "no 'version', expected version, which the Info Object requires"),
        (api(info=5), "5, expected an object (Info)"),
        (api(path={}), "the field 'path', expected a field of the OpenAPI Object, or an x- extension"),
        (api(paths=[]), "an array, expected an object (Paths)"),
        ({"openapi": "3.0.0", "info": INFO}, "no 'paths', expected paths, which the OpenAPI Object requires"),
        (
            api(paths={"/a": {"fetch": OK}}),
            "the field 'fetch', expected a field of the PathItem Object, or an x- extension",
        ),
        (api(paths={"a": {}}), "the path 'a', expected / and segments, with {name} for parameters"),
        (api(paths={"/{": {}}), "the path '/{', expected / and segments, with {name} for parameters"),
        (api(paths={"/{}": {}}), "the path '/{}', expected / and segments, with {name} for parameters"),
        (api(paths={"/a/{x}": {}, "/a/{y}": {}}), "/a/{y}, which overlaps /a/{x}, expected one path for each template"),
        (api(paths={"/100%": {}}), "the path '/100%', expected UTF-8, percent-encoded: %C3%A9, and %25 for %"),
        (api(paths={"/caf%E9": {}}), "the path '/caf%E9', expected UTF-8, percent-encoded: %C3%A9, and %25 for %"),
        (
            api(paths={"/café": {}, "/caf%C3%A9": {}}),
            "/caf%C3%A9, which overlaps /café, expected one path for each template",
        ),
        (api(servers=[{"url": "/a%2Fb"}]), "the server '/a%2Fb', expected a path that requests can have, in UTF-8"),
        (operation("/a/{x}"), "no path parameter 'x', expected one, since /a/{x} has {x}"),
        (
            operation(parameters=[{"name": "x", "in": "path", "required": True, "schema": {}}]),
            "the path parameter 'x', expected a name in the template /a",
        ),
        (
            operation("/{x}", parameters=[{"name": "x", "in": "path", "schema": {}}]),
            "the path parameter 'x' without required: true, expected required: true",
        ),
        (parameter(**{"in": "body"}), "'body', expected path, query, header or cookie"),
        (
            parameter(style="simple"),
            "'simple', expected form, spaceDelimited, pipeDelimited, deepObject for a query parameter",
        ),
        (parameter(content={"text/plain": {}}), "both schema and content, expected one of schema and content"),
        (
            operation(parameters=[{"name": "q", "in": "query"}]),
            "neither schema nor content, expected one of schema and content",
        ),
        (operation(parameters=[{"name": "q", "in": "query", "content": {}}]), "0 media types, expected exactly one"),
        (
            operation(
                parameters=[{"name": "A", "in": "header", "schema": {}}, {"name": "a", "in": "header", "schema": {}}]
            ),
            "the header parameter 'a' again, expected each parameter once",
        ),
        (operation(responses={}), "no reply, expected at least one, which the Responses Object requires"),
        (
            operation(responses={"ok": {"description": ""}}),
            "the reply 'ok', expected a status such as 200, a range such as 2XX, or default",
        ),
        (
            operation(responses={"200": {}}),
            "no 'description', expected description, which the Response Object requires",
        ),
        (operation(requestBody={"content": {"json": {}}}), "the media type 'json', expected type/subtype"),
        (
            operation(security=[{"nobody": []}]),
            "the security scheme 'nobody', expected one of securitySchemes: none is defined",
        ),
        (
            api(security=[{"nobody": []}]),
            "the security scheme 'nobody', expected one of securitySchemes: none is defined",
        ),
        (
            api(components={"securitySchemes": {"a": {"type": "magic"}}}),
            "'magic', expected apiKey, http, mutualTLS, oauth2 or openIdConnect",
        ),
        (
            api(components={"securitySchemes": {"a": {"type": "apiKey", "in": "header"}}}),
            "no 'name', expected name, which a scheme of type apiKey requires",
        ),
        (
            api(components={"securitySchemes": {"a": {"type": "apiKey", "name": "k", "in": "path"}}}),
            "'path', expected query, header or cookie",
        ),
        (
            api(components={"securitySchemes": {"a": {"type": "oauth2", "flows": {"password": {"scopes": {}}}}}}),
            "no 'tokenUrl', expected tokenUrl, which the flow password requires",
        ),
        (api(components={"schemas": {"a b": {}}}), "the name 'a b', expected letters, digits, `.`, `_` and `-`"),
        (api(servers=[{"url": "/{v}"}]), "the variable '{v}', expected one that `variables` defines"),
        (
            schema({"type": "text"}),
            "'text', expected one of string, number, integer, boolean, array, object, null, or a list of them",
        ),
        (
            schema({"type": ["string"]}, "3.0.0"),
            "an array, expected one of string, number, integer, boolean, array, object",
        ),
        (schema({"minimum": "1"}), "'1', expected a number"),
        (schema({"maxLength": -1}), "-1, expected a whole number, 0 or more"),
        (schema({"multipleOf": 0}), "0, expected a number above 0"),
        (schema({"required": True}), "true, expected a list of property names, each once"),
        (schema({"exclusiveMinimum": 1}, "3.0.0"), "1, expected true or false (OpenAPI 3.0)"),
        (schema({"enum": "a"}), "'a', expected a list of values"),
        (schema({"allOf": []}), "an array, expected a list of at least one schema"),
        (schema({"properties": []}), "an array, expected an object of schemas"),
        (schema({"items": [{}]}), "an array, expected a schema"),
        (schema({"properties": {"a": 1}}), "1, expected a schema"),
        (schema({"items": True}, "3.0.0"), "true, expected an object (OpenAPI 3.0 has no boolean schemas here)"),
        (
            schema({"pattern": "(?=a)"}),
            "the pattern '(?=a)' (look-around), expected a pattern that a linear engine can run",
        ),
        (
            schema({"patternProperties": {"(": {}}}),
            "the pattern '(' (a group that does not end), expected a pattern that a linear engine can run",
        ),
        (
            schema({"discriminator": "kind"}),
            "'kind', expected an object with propertyName, and with mapping from strings to strings if any",
        ),
        (schema({"$ref": 1}), "1, expected a reference"),
        (
            schema({"$ref": "#/components/schemas/No"}),
            "#/components/schemas/No, which is not in openapi.json, expected a pointer to something there",
        ),
        (schema({"$ref": "#no"}), "#no, expected a JSON pointer or an $anchor in openapi.json"),
        (
            schema({"$ref": "no.yaml"}),
            "no file that can be read at no.yaml (No such file or directory), expected a file that can be read",
        ),
        (
            schema({"$ref": "https://example.com/a.json"}),
            "the URL 'https://example.com/a.json', expected a reference to a local file or into this one",
        ),
        (
            schema({"$ref": "file:///etc/passwd"}),
            "the URL 'file:///etc/passwd', expected a reference to a local file or into this one",
        ),
        (schema({"$ref": "//host/a"}), "the URL '//host/a', expected a reference to a local file or into this one"),
        (schema({"$ref": "../up.json"}), "the file ../up.json, expected a file in or below the description's folder"),
        (schema({"$ref": "/etc/passwd"}), "the file /etc/passwd, expected a file in or below the description's folder"),
        (
            operation(parameters=[{"$ref": "#/paths/~1a/get/parameters/0"}]),
            "references that lead back to themselves, expected a chain of references that ends",
        ),
        (operation(parameters=[{"$ref": "#/info"}]), "no 'name', expected name, which the Parameter Object requires"),
    ],
)
def test_refused(refused, main, problem):
    lines = refused(main)
    assert any(line.split(": found ", 1)[1].startswith(problem) for line in lines), lines


def test_every_problem_is_told_at_its_place(refused):
    lines = refused(
        "openapi: 3.1.0\n"
        "info: {title: t, version: 1}\n"
        "paths:\n"
        "  /a:\n"
        "    get:\n"
        "      reponses: {}\n"
        "      parameters:\n"
        "        - name: q\n"
        "          in: query\n"
        "          schema: {type: text}\n",
        "openapi.yaml",
    )
    assert lines == [
        "openapi.yaml:2:27: found 1, expected a string",
        "openapi.yaml:6:7: found the field 'reponses', expected a field of the Operation Object, or an x- extension",
        "openapi.yaml:10:26: found 'text', expected one of string, number, integer, boolean, array, object, null, "
        "or a list of them",
    ]


def test_two_operations_with_one_id(refused):
    paths = {"/a": {"get": {**OK, "operationId": "x"}}, "/b": {"get": {**OK, "operationId": "x"}}}
    (line,) = refused(json.dumps(api(paths=paths), indent=1))
    assert (
        line == "openapi.json:25:20: found the operationId 'x' again, expected an own one (first at openapi.json:15:20)"
    )


def test_problems_of_another_file_name_that_file(refused):
    lines = refused(schema({"$ref": "parts/pet.yaml#/Pet"}), **{"parts/pet.yaml": "Pet: {type: text}\n"})
    assert [line.split(" found")[0] for line in lines] == ["parts/pet.yaml:1:13:"]


def test_schemas_that_lead_on_and_on(refused):
    chain = {f"S{number}": {"allOf": [{"$ref": f"#/components/schemas/S{number + 1}"}]} for number in range(2000)}
    main = {
        **schema({"$ref": "#/components/schemas/S0"}),
        "components": {"schemas": {**chain, "S2000": {"type": "integer"}}},
    }
    assert refused(main) == [
        "openapi.json:1:1: found schemas that lead on and on, expected a description that nests less"
    ]


def test_a_link_out_of_the_folder(refused, tmp_path):
    (tmp_path.parent / "outside.json").write_text("{}")
    (tmp_path / "in.json").symlink_to(tmp_path.parent / "outside.json")
    (line,) = refused(schema({"$ref": "in.json"}))
    assert "expected a file in or below the description's folder" in line


def test_no_file(tmp_path):
    with pytest.raises(DescriptionError, match=r"no file that can be read at .*expected an OpenAPI description"):
        read(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("main", "warning"),
    [
        (
            schema({"minimum": 1, "exclusiveMinimum": True}),
            "true, expected a number (JSON Schema 2020-12); read as OpenAPI 3.0 reads it",
        ),
        (schema({"required": ["a", "a"]}), "a name twice, expected a list of property names, each once; read as once"),
        (
            schema({"type": "array"}, "3.0.0"),
            "an array without items, expected items, which OpenAPI 3.0 requires beside type: array; read as items: {}",
        ),
        (
            schema({"$recursiveRef": "#"}),
            "$recursiveRef, expected $ref or $dynamicRef; JSON Schema 2020-12 ignores $recursiveRef",
        ),
        (
            schema({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}),
            "a oneOf whose branches match the same objects, expected a discriminator or required members that tell "
            "them apart; what matches two branches is refused",
        ),
    ],
)
def test_told_but_not_refused(described, main, warning):
    (problem,) = described(main).warnings
    assert str(problem).split(": found ", 1)[1] == warning
