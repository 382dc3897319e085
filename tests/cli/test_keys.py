"""`yett keys`: a key is shown once, with a curl line that uses it; what was made can be listed and ended."""

import json
import re
import sqlite3

import pytest


@pytest.fixture
def plan(yett):
    yett("init", "openapi.yaml", "--upstream", "http://127.0.0.1:9000")


def test_a_key_and_a_line_that_uses_it(yett, plan):
    done = yett("keys", "add", "anna", "--role", "admin", "--scope", "read", "--expires", "90d")
    assert done.code == 0
    assert "for anna with scope read, role admin. The key is shown this once:" in done.out
    [key, again] = re.findall(r"yett_[A-Za-z0-9_-]+", done.out)
    assert key == again
    assert f"curl -i -H 'X-API-Key: {key}' http://127.0.0.1:8080/v1/notes" in done.out
    assert key not in yett("keys", "list").out


def test_a_list(yett, plan):
    assert "no keys; `yett keys add NAME` makes one" in yett("keys", "list").out
    made = json.loads(yett("keys", "add", "anna", "--expires", "2999-01-31", "--json").out)
    assert made["key"].startswith("yett_")
    [listed] = json.loads(yett("keys", "list", "--json").out)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["state"], listed["expires"]) == ("in force", "2999-01-31T00:00:00Z")
    assert [line.split()[:4] for line in yett("keys", "list").out.splitlines()] == [
        ["id", "subject", "state", "created"],
        [made["id"], "anna", "in", "force"],
    ]


def test_a_key_is_ended(yett, plan):
    made = json.loads(yett("keys", "add", "anna", "--json").out)
    assert yett("keys", "revoke", made["id"]).out == f"revoked {made['id']} of anna\n"
    assert json.loads(yett("keys", "list", "--json").out)[0]["state"] == "revoked"
    again = yett("keys", "revoke", "anna")
    assert (again.code, "found no key in force" in again.err) == (1, True)


@pytest.mark.parametrize("expires", ["soon", "2020-01-01", "2999-02-30", "0d", "400d"])
def test_what_is_no_end(yett, plan, expires):
    done = yett("keys", "add", "anna", "--expires", expires)
    assert (done.code, f"found --expires {expires!r}" in done.err) == (2, True)
    assert "no keys" in yett("keys", "list").out


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "x" * 201])
def test_what_is_no_name(yett, plan, name):
    assert yett("keys", "add", "--", name).code == 2


def test_a_plan_whose_callers_show_no_key(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text(
        "yett: 1\napis: {notes: {openapi: openapi.yaml, upstream: {urls: [http://127.0.0.1:9000]}}}\n"
    )
    done = yett("keys", "add", "anna")
    assert (done.code, done.out) == (1, "")
    assert "no key was made: no operation in yett.yaml takes an API key" in done.err
    assert "no keys" in yett("keys", "list").out


def test_the_line_of_a_plan_with_tls_alone(yett, plan, tmp_path):
    yett("certs", "dev")
    text = (tmp_path / "yett.yaml").read_text()
    tls = "{certificates: [{chain: tls/localhost.pem, key: {file: tls/localhost.key}}]}"
    listen = "  listen: [127.0.0.1:8080]\n"
    assert listen in text
    (tmp_path / "yett.yaml").write_text(
        text.replace(listen, f"  listen:\n    - {{address: 127.0.0.1:8443, tls: {tls}}}\n")
    )
    done = yett("keys", "add", "anna")
    assert re.search(
        r"curl -i --cacert tls/ca.pem -H 'X-API-Key: yett_\S+' https://127.0.0.1:8443/v1/notes\n", done.out
    ), done
    assert "https://localhost:8443/v1/notes\n" in yett("certs", "dev").out


def test_a_pepper_that_is_not_there(yett, plan, tmp_path):
    text = (tmp_path / "yett.yaml").read_text().replace("apis:", "store: {pepper: {env: NO_SUCH_PEPPER}}\napis:", 1)
    (tmp_path / "yett.yaml").write_text(text)
    done = yett("keys", "add", "anna")
    assert (done.code, "the environment variable NO_SUCH_PEPPER is empty" in done.err) == (2, True)


def test_a_store_that_cannot_be_used_is_told(yett, plan, tmp_path):
    yett("keys", "add", "anna")
    with sqlite3.connect(tmp_path / "yett.db") as store:
        names = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        for name in names:
            if "key" in name:
                store.execute(f'drop table "{name}"')
    store.close()
    for arguments in (("list",), ("add", "berta"), ("revoke", "anna")):
        done = yett("keys", *arguments)
        assert (done.code, done.out) == (2, "")
        assert re.fullmatch(r"store: cannot be (read|changed): .*no such table: api_keys\n", done.err)


@pytest.mark.parametrize("arguments", [("list",), ("add", "berta"), ("revoke", "anna")])
def test_a_store_that_cannot_be_opened_is_told(yett, plan, tmp_path, arguments):
    (tmp_path / "yett.db").write_bytes(b"no database" * 100)
    done = yett("keys", *arguments)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"store: cannot be opened: .*file is not a database\n", done.err)


@pytest.mark.parametrize("arguments", [("add", "berta"), ("revoke", "anna")])
def test_a_store_that_cannot_be_changed_is_told_and_read(yett, plan, tmp_path, arguments):
    yett("keys", "add", "anna")
    before = yett("keys", "list").out
    with sqlite3.connect(tmp_path / "yett.db") as store:
        table = "revision" if arguments[0] == "add" else "api_keys"
        store.execute(f"create trigger t before update on {table} begin select raise(abort, 'is read-only'); end")
    store.close()
    done = yett("keys", *arguments)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"store: cannot be changed: .*is read-only\n", done.err)
    assert yett("keys", "list").out == before
