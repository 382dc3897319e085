"""The plan of the example holds, and the demo changes only its addresses."""

import ast
import re
import sys
import tomllib

import pytest
from orders import places
from orders.issuer import AUDIENCE, ISSUER, Issuer
from ruamel.yaml import YAML

from bench import stand
from yett.policy.compile import compile_plan

REQUIREMENT = re.compile(r"[A-Za-z0-9-]+")
OF_OTHERS = {"yett", "h11"}  # h11 comes with uvicorn and httpx
IMPORTED_AS = {"pyyaml": "yaml"}


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


def test_the_demo_imports_what_the_extra_brings(root):
    """`pip install 'yett[demo]'` is all that it needs."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["demo"]]
    brought = {IMPORTED_AS.get(name, name) for name in (REQUIREMENT.match(each)[0] for each in wanted)}
    imported: set[str] = set()
    for path in places.HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            imported |= {name.partition(".")[0] for name in names}
    assert imported - sys.stdlib_module_names - brought - OF_OTHERS == set()


def test_a_gateway_that_drains_is_not_killed():
    drain = compile_plan(places.HERE / "yett.yaml").source.plan.gateway.timeouts.drain / 1000
    assert min(places.END_SECONDS, stand.END_SECONDS) > drain + 5
