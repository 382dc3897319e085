"""`yett init` and `yett update`: from a file or a running app to a plan that checks and guards everything."""

import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from yett.cli.fetch import spread
from yett.cli.proposal import Proposal
from yett.openapi import read
from yett.openapi.load import Document
from yett.openapi.problem import Problems
from yett.prove.issuer import Issuer

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


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
PART = NAMES.map(lambda text: re.sub("[{}/?#%]", "", text) or "a")


def described(folder, operation, scheme, part, kind):
    """A description with these names where no rule of OpenAPI binds them."""
    path = folder / "openapi.json"
    get = {"operationId": operation, "responses": {"200": {"description": "ok"}}}
    schemes = {"s": {"type": "apiKey", "in": "query", "name": "k"}, "t": {"type": "http", "scheme": "bearer"}}
    document = APP | {"paths": {f"/{part}": {"get": get}}, "components": {"securitySchemes": schemes}}
    path.write_text(json.dumps(document))
    found = read(path)
    schemes = {scheme: replace(found.schemes[kind], name=scheme)}
    return replace(found, schemes=schemes)


@given(NAMES, NAMES, PART, st.sampled_from("st"))
@example("a\nyett: 2", "s\n    danger_plaintext: true", "healthz", "t")
@example("a\u2028b", "s\x85mode: report", "a", "s")
def test_no_name_of_a_description_becomes_a_line_of_the_plan(operation, scheme, part, kind):
    with TemporaryDirectory() as folder:
        found = described(Path(folder), operation, scheme, part, kind)
        text = Proposal(found, "openapi.json", "http://127.0.0.1:9", "127.0.0.1:8080", None, None, None).text()
        plan = Path(folder, "yett.yaml")
        plan.write_text(text)
        root = Document(str(plan), plan.read_bytes(), Problems()).root
    assert root.keys() == {"yett", "gateway", "evidence", "apis"}
    [api] = root["apis"].values()
    assert api.keys() <= {"openapi", "upstream", "security", "credentials"}
    assert api["credentials"].keys() <= {scheme, "key"}
    line = next(line for line in text.splitlines() if "role: admin" in line)
    assert yaml.safe_load(line.lstrip(" #"))[0]["operations"] == [operation]


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
    assert api["source"] == {"url": url + path, "sha256": hashlib.sha256(spread(pages[path])).hexdigest()}
    assert (tmp_path / "openapi.json").read_bytes() == spread(pages[path])


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
    assert api["credentials"] == {"token": {"api_key": {"header": "X-API-Key"}}, "my.key": {"api_key": {}}}
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
    (tmp_path / "keys.json").write_text(json.dumps(Issuer.create().key_set()))
    yett("init", "openapi.yaml", *UPSTREAM, "--issuer", "https://idp.example.com", "--jwks", "keys.json")
    api = written(tmp_path)["apis"]["my-notes"]
    jwt = {"issuer": "https://idp.example.com", "audience": "my-notes", "jwks": {"file": "keys.json"}}
    assert (api["security"], api["credentials"]) == ({"default": "bearer"}, {"bearer": {"jwt": jwt}})


def test_an_issuer_without_keys(yett):
    done = yett("init", "openapi.yaml", *UPSTREAM, "--issuer", "https://idp.example.com")
    assert (done.code, "belong together" in done.err) == (2, True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--upstream", "127.0.0.1:9000"),
        (*UPSTREAM, "--listen", "everywhere"),
        (*UPSTREAM, "--name", "a", "--jwks", "k"),
    ],
)
def test_nothing_is_written_unless_the_plan_checks(yett, tmp_path, app, wrong):
    url, pages = app
    pages["/openapi.json"] = app_document()
    before = sorted(tmp_path.iterdir())
    for source in ("openapi.yaml", url):
        done = yett("init", source, *wrong)
        assert (done.code, done.out) == (2, "")
        assert sorted(tmp_path.iterdir()) == before
    assert yett("init", "openapi.yaml", *UPSTREAM).code == 0


def test_what_was_there_stays_where_the_new_plan_does_not_check(yett, tmp_path):
    yett("init", "openapi.yaml", *UPSTREAM)
    before = (tmp_path / "yett.yaml").read_text()
    done = yett("init", "openapi.yaml", "--upstream", "127.0.0.1:9000", "--force")
    assert (done.code, "nothing was written" in done.err) == (2, True)
    assert (tmp_path / "yett.yaml").read_text() == before


@pytest.mark.parametrize("listen", ["[::1]:8080", "127.0.0.1:0"])
def test_every_address_is_written_as_one(yett, tmp_path, listen):
    assert yett("init", "openapi.yaml", *UPSTREAM, "--listen", listen).code == 0
    assert written(tmp_path)["gateway"]["listen"] == [listen]


def test_a_password_in_the_url_is_refused_and_not_repeated(yett, tmp_path):
    done = yett("init", "http://anna:hunter2@127.0.0.1:1/openapi.json")
    assert (done.code, "a user or a password" in done.err, "hunter2" in done.err) == (2, True, False)
    assert not (tmp_path / "yett.yaml").exists()


def test_a_source_with_a_password_is_no_plan(yett, tmp_path, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    plan = tmp_path / "yett.yaml"
    plan.write_text(plan.read_text().replace("url: http://", "url: http://anna:hunter2@"))
    done = yett("check")
    assert (done.code, "a URL with a user or a password" in done.err) == (1, True)


def test_an_address_is_taken_for_a_url_that_lacks_its_scheme(yett):
    assert "did you mean http://127.0.0.1:9000?" in yett("init", "127.0.0.1:9000").err
    assert "did you mean" not in yett("init", "absent.yaml").err


def test_a_page_of_the_app_leads_to_its_root(yett, app):
    url, pages = app
    pages["/openapi.json"], pages["/docs"] = app_document(), b"<html></html>"
    assert yett("init", f"{url}/docs").code == 0


def test_nothing_is_tried_below_a_document(yett, app):
    url, _ = app
    done = yett("init", f"{url}/openapi.json")
    assert done.err.splitlines()[1:] == [f"  {url}/openapi.json: status 404"]


def test_what_yett_itself_refuses_is_said(yett, app):
    url, pages = app
    pages["/openapi.json"] = None, b'{"type":"urn:yett:problem:not_found","status":404}'
    done = yett("init", f"{url}/openapi.json")
    assert f"{url}/openapi.json: status 404, refused by Yett itself" in done.err
    assert "app.openapi()" in done.err


def test_tokens_without_an_issuer_are_warned_of(yett, tmp_path):
    (tmp_path / "openapi.yaml").write_text(SCHEMES)
    said = "by token, and callers show a Yett key in X-API-Key instead: the API gets no Authorization"
    for done in (yett("init", "openapi.yaml", *UPSTREAM), yett("check")):
        (line,) = (line for line in done.out.splitlines() if said in line)
        assert ": warning: " in line
        assert "answers 401 to every valid key" in line
        assert "--issuer and --jwks" in line
    assert "# token: without an issuer" in (tmp_path / "yett.yaml").read_text()
    issuer = ("--issuer", "https://idp.example.com", "--jwks", "https://idp.example.com/keys", "--force")
    assert said not in yett("init", "openapi.yaml", *UPSTREAM, *issuer).out
    assert "without an issuer" not in (tmp_path / "yett.yaml").read_text()


def test_what_becomes_closed_to_strangers_is_said(yett, tmp_path):
    done = yett("init", "openapi.yaml", *UPSTREAM)
    said = (
        "note: the description of 2 operations (listNotes, health) says nothing about security: by `security.default`"
    )
    assert said in done.out
    assert "`public: [GET /health]` below `security` would open some" in done.out


def test_the_rule_that_is_shown_is_about_an_operation_of_the_api(yett, tmp_path):
    yett("init", "openapi.yaml", *UPSTREAM)
    text = (tmp_path / "yett.yaml").read_text()
    assert "#   - {operations: [listNotes], role: admin}" in text
    (tmp_path / "yett.yaml").write_text(text.replace("    # authorize:\n    #   -", "    authorize:\n      -"))
    assert yett("check").code == 0


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
    assert shown.splitlines()[:2] == ["+ new operation GET /things", "- removed operation GET /items"]
    assert (tmp_path / "yett.yaml").read_text() == before
    assert yett("update", "--yes").code == 0
    after = (tmp_path / "yett.yaml").read_text()
    assert hashlib.sha256(spread(pages["/openapi.json"])).hexdigest() in after
    assert len(after) == len(before)
    assert yett("check", "--strict").code == 0


def test_a_description_that_was_changed_by_hand_is_told(yett, tmp_path, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    (tmp_path / "openapi.json").write_bytes(app_document("/things"))
    done = yett("check")
    assert "openapi.json is not what was fetched" in done.out
    assert "`yett update` puts what the source serves in its place" in done.out
    assert "openapi.json was changed since it was fetched" in yett("update", "--dry-run").out


def test_an_update_that_is_declined_says_so(yett, tmp_path, app, monkeypatch):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    pages["/openapi.json"] = app_document("/things")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"n\n")))
    done = yett("update")
    assert (done.code, "fastapi: nothing was written" in done.out) == (1, True)
    assert (tmp_path / "openapi.json").read_bytes() == spread(app_document())


def test_each_hash_is_recorded_below_its_own_source(yett, tmp_path, app):
    """Two APIs whose descriptions are the same until one changes."""
    url, pages = app
    pages["/openapi.json"] = pages["/two.json"] = app_document()
    yett("init", url)
    plan = tmp_path / "yett.yaml"
    one = plan.read_text().partition("apis:\n")[2]
    two = one.replace("fastapi:", "second:").replace(
        "openapi: openapi.json", "openapi: two.json\n    match: {base: /2}"
    )
    plan.write_text(plan.read_text() + two.replace("/openapi.json", "/two.json"))
    (tmp_path / "two.json").write_bytes(spread(app_document()))
    assert yett("check", "--strict").code == 0, yett("check").err
    pages["/openapi.json"] = app_document("/things")
    assert yett("update", "--yes").code == 0
    assert yett("check", "--strict").code == 0
    pages["/two.json"] = app_document("/others")
    assert yett("update", "--yes").code == 0
    assert yett("check", "--strict").code == 0


def test_a_hash_that_cannot_be_recorded_changes_nothing(yett, tmp_path, app, monkeypatch):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    plan = tmp_path / "yett.yaml"
    digest = hashlib.sha256(spread(pages["/openapi.json"])).hexdigest()
    plan.write_text(plan.read_text().replace(f"sha256: {digest}", f'sha256: "{digest[:9]}\\\n        {digest[9:]}"'))
    pages["/openapi.json"] = app_document("/things")
    done = yett("update", "--yes")
    assert (done.code, "to replace; write `sha256: " in done.err) == (2, True), done
    assert (tmp_path / "openapi.json").read_bytes() == spread(app_document())


def test_a_description_on_one_line_is_written_anew_without_a_change(yett, tmp_path, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    (tmp_path / "openapi.json").write_bytes(app_document())
    plan = tmp_path / "yett.yaml"
    digest, after = (hashlib.sha256(text).hexdigest() for text in (app_document(), spread(app_document())))
    plan.write_text(plan.read_text().replace(after, digest))
    done = yett("update", "--yes")
    assert "the same, written otherwise" in done.out
    assert "@@" not in done.out
    assert (tmp_path / "openapi.json").read_bytes() == spread(app_document())
    assert "is what" in yett("update").out


def test_update_names_an_operation_that_changed(yett, app):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    pages["/openapi.json"] = app_document().replace(b'"ok"', b'"fine"')
    assert yett("update", "--dry-run").out.splitlines()[0] == "~ changed operation GET /items"


def test_update_says_how_to_write_where_nobody_can_be_asked(yett, app, monkeypatch):
    url, pages = app
    pages["/openapi.json"] = app_document()
    yett("init", url)
    pages["/openapi.json"] = app_document("/things")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    done = yett("update")
    assert (done.code, "`--yes` writes without asking" in done.err) == (2, True)


def test_what_comes_next_is_in_the_order_of_the_readme(yett):
    lines = yett("init", "openapi.yaml", *UPSTREAM).out.partition("next:\n")[2].splitlines()
    assert [line.split()[1] for line in lines] == ["check", "keys", "serve"]
