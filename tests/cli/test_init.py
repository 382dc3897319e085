"""`yett init` and `yett update`: from a file or a running app to a plan that checks and guards everything."""

import hashlib
import json

import pytest
import yaml

UPSTREAM = ("--upstream", "http://127.0.0.1:9000")
APP = {
    "openapi": "3.1.0",
    "info": {"title": "FastAPI", "version": "0.1.0"},
    "paths": {"/items/{item}": {"get": {"operationId": "item", "parameters": [], "responses": {}}}},
}


def written(tmp_path):
    return yaml.safe_load((tmp_path / "yett.yaml").read_text())


def app_document(name="/items"):
    responses = {"200": {"description": "ok"}}
    return json.dumps(APP | {"paths": {name: {"get": {"operationId": "item", "responses": responses}}}}).encode()


def test_a_file(yett, tmp_path):
    done = yett("init", "openapi.yaml", *UPSTREAM)
    assert done.code == 0
    assert "yett keys add me" in done.out
    api = written(tmp_path)["apis"]["my-notes"]
    assert api["security"] == {"default": "key"}
    assert api["credentials"] == {"key": {"api_key": {}}}
    assert "public: [GET /health]" in (tmp_path / "yett.yaml").read_text()
    assert yett("check", "--strict").code == 0


def test_a_plan_is_not_overwritten(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text("mine")
    done = yett("init", "openapi.yaml", *UPSTREAM)
    assert (done.code, (tmp_path / "yett.yaml").read_text()) == (2, "mine")
    assert "`--force` overwrites it" in done.err
    assert yett("init", "openapi.yaml", *UPSTREAM, "--force").code == 0


def test_a_file_needs_to_know_where_the_api_is(yett):
    done = yett("init", "openapi.yaml")
    assert (done.code, "--upstream" in done.err) == (2, True)


def test_a_url_of_another_kind(yett):
    done = yett("init", "ftp://127.0.0.1/openapi.yaml")
    assert (done.code, "found ftp://, expected a file or a URL of http:// or https://" in done.err) == (2, True)


@pytest.mark.parametrize("path", ["/openapi.json", "/v3/api-docs"])
def test_a_running_app(yett, tmp_path, app, path):
    url, pages = app
    pages[path] = app_document()
    done = yett("init", url)
    assert done.code == 0, done.err
    api = written(tmp_path)["apis"]["fastapi"]
    assert api["upstream"] == {"urls": [url]}
    assert api["source"] == {"url": url + path, "sha256": hashlib.sha256(pages[path]).hexdigest()}
    assert (tmp_path / "openapi.json").read_bytes() == pages[path]


def test_an_app_without_a_description(yett, app):
    url, pages = app
    pages["/openapi.json"] = b'{"hello": "world"}'
    done = yett("init", url)
    assert done.code == 2
    assert f"found no OpenAPI description at {url}; tried:" in done.err
    assert f"{url}/openapi.json: something that is not an OpenAPI description" in done.err


def test_nothing_that_runs(yett):
    done = yett("init", "http://127.0.0.1:1")
    assert (done.code, "nothing answers" in done.err) == (2, True)


def test_a_description_that_is_wrong(yett, tmp_path):
    (tmp_path / "openapi.yaml").write_text("openapi: 3.1.0\ninfo: {}\npaths: {}\n")
    done = yett("init", "openapi.yaml", *UPSTREAM)
    assert done.code == 2
    assert "openapi.yaml:2:7: found no 'title'" in done.err
    assert not (tmp_path / "yett.yaml").exists()


SCHEMES = """\
openapi: 3.1.0
info: {title: "42", version: "1"}
paths:
  /a: {get: {security: [{token: []}], responses: {"200": {description: a}}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    'my key': {type: apiKey, in: header, name: X-Key}
    basic: {type: http, scheme: basic}
""".replace("'my key'", "my.key")


def test_schemes_without_an_issuer_get_keys(yett, tmp_path):
    (tmp_path / "openapi.yaml").write_text(SCHEMES)
    assert yett("init", "openapi.yaml", *UPSTREAM).code == 0
    [(name, api)] = written(tmp_path)["apis"].items()
    assert name == "api-42"
    assert api["credentials"] == {"token": {"api_key": {"header": "x-api-key"}}, "my.key": {"api_key": {}}}
    assert "# basic (http) is not verified yet" in (tmp_path / "yett.yaml").read_text()


def test_schemes_with_an_issuer_get_tokens(yett, tmp_path):
    (tmp_path / "openapi.yaml").write_text(SCHEMES)
    issuer = ("--issuer", "https://idp.example.com", "--jwks", "https://idp.example.com/keys", "--name", "shop")
    assert yett("init", "openapi.yaml", *UPSTREAM, *issuer).code == 0
    api = written(tmp_path)["apis"]["shop"]
    keys = {"url": "https://idp.example.com/keys"}
    assert api["credentials"]["token"] == {
        "jwt": {"issuer": "https://idp.example.com", "audience": "shop", "jwks": keys}
    }


def test_a_description_without_schemes_and_an_issuer_get_tokens(yett, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}))
    yett("init", "openapi.yaml", *UPSTREAM, "--issuer", "https://idp.example.com", "--jwks", "keys.json")
    api = written(tmp_path)["apis"]["my-notes"]
    jwt = {"issuer": "https://idp.example.com", "audience": "my-notes", "jwks": {"file": "keys.json"}}
    assert (api["security"], api["credentials"]) == ({"default": "bearer"}, {"bearer": {"jwt": jwt}})


def test_an_issuer_without_keys(yett):
    done = yett("init", "openapi.yaml", *UPSTREAM, "--issuer", "https://idp.example.com")
    assert (done.code, "belong together" in done.err) == (2, True)


def test_update_shows_and_records_what_changed(yett, tmp_path, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    before = (tmp_path / "yett.yaml").read_text()
    assert "is what" in yett("update").out
    pages["/openapi.json"] = app_document("/things")
    shown = yett("update", "--dry-run").out
    assert '+    "/things": {' in shown
    assert '-    "/items": {' in shown
    assert (tmp_path / "yett.yaml").read_text() == before
    assert yett("update", "--yes").code == 0
    after = (tmp_path / "yett.yaml").read_text()
    assert hashlib.sha256(pages["/openapi.json"]).hexdigest() in after
    assert len(after) == len(before)
    assert yett("check", "--strict").code == 0


def test_a_description_that_was_changed_by_hand_is_told(yett, tmp_path, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    (tmp_path / "openapi.json").write_bytes(app_document("/things"))
    done = yett("check")
    assert "openapi.json is not what was fetched" in done.out
