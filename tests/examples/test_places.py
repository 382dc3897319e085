"""The plan of the example holds, and the demo changes only its addresses."""

import re

import pytest
from orders import places
from orders.issuer import AUDIENCE, ISSUER, Issuer
from ruamel.yaml import YAML

from yett.policy.compile import compile_plan


def plan(folder):
    return YAML(typ="safe").load(folder / "yett.yaml")


def test_the_example_compiles_where_it_stands_and_opens_what_it_says():
    compiled = compile_plan(places.HERE / "yett.yaml")
    (finding,) = compiled.findings
    assert "strangers may call 2 operations (health, login)" in str(finding)


def test_the_demo_changes_only_the_addresses(tmp_path):
    Issuer.create(tmp_path)
    url = places.write_plan(tmp_path, "http://127.0.0.1:9")
    written, kept = plan(tmp_path), plan(places.HERE)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert written["gateway"].pop("listen") == [url.removeprefix("http://")]
    assert written["apis"]["orders"]["upstream"].pop("urls") == ["http://127.0.0.1:9"]
    del kept["gateway"]["listen"], kept["apis"]["orders"]["upstream"]["urls"]
    assert written == kept
    compile_plan(tmp_path / "yett.yaml")


def test_plan_and_issuer_agree():
    jwt = plan(places.HERE)["apis"]["orders"]["credentials"]["bearer"]["jwt"]
    assert (jwt["issuer"], jwt["audience"]) == (ISSUER, AUDIENCE)


def test_a_shop_that_cannot_start_says_why(tmp_path):
    (tmp_path / "issuer.pem").write_text("no key")
    (tmp_path / "jwks.json").write_text('{"keys": [{"kid": "a"}]}')
    with (
        pytest.raises(places.CannotStart, match=r"the shop ended with code 1 before it listened\n(.|\n)*Error"),
        places.shop(tmp_path),
    ):
        pass
