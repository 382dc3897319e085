"""Property: what the pages show beside README's steps holds too: a plan, the wrapped app, the commands of the proof."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest

from tests.readme import api
from tests.readme.fenced import blocks
from yett.policy.check import accept

PLAN = """\
yett: 1
log: {level: error}
apis:
  items:
    openapi: openapi.json
    upstream: {urls: [http://127.0.0.1:9000]}
    security: {default: key}
    credentials: {key: {api_key: {}}}
"""


@pytest.fixture
def snippet(root):
    """A block that README says is tested, by its name."""
    found = {block.value: block.text for block in blocks((root / "README.md").read_text("utf-8"))}
    return found.__getitem__


@pytest.fixture
def shop(root, tmp_path):
    """The folder of the shop, without what running it leaves there."""
    folder = tmp_path / "orders"
    folder.mkdir()
    for name in ("openapi.yaml", "yett.yaml", "jwks.json"):
        shutil.copy(root / "examples/orders" / name, folder / name)
    return folder


def test_the_plan_fits_the_description_that_it_names(snippet, shop):
    (shop / "yett.yaml").write_text(snippet("plan"))
    operations = json.loads(accept(shop / "yett.yaml").plan)["apis"][0]["operations"]
    assert {each["id"] for each in operations if each["roles"]} == {"listUsers", "deleteUser"}


async def status_and_type(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/items/7")
    return answer.status_code, answer.json()["type"]


def test_the_wrapped_app_asks_for_a_key(snippet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(api.app.openapi()))
    (tmp_path / "yett.yaml").write_text(PLAN)
    scope = {"app": api.app}
    exec(snippet("asgi"), scope)
    try:
        assert asyncio.run(status_and_type(scope["app"])) == (401, "urn:yett:unauthenticated")
    finally:
        scope["app"].close()


def proofs(root: Path) -> list[str]:
    page = (root / "docs/prove.md").read_text("utf-8")
    return re.findall(r"^    ((?:[A-Z_]+=\S+ )?yett prove[^#\n]*)", page, re.M)


@pytest.mark.slow
def test_the_commands_of_the_page_about_proofs(root, shop):
    commands = [each.strip() for each in proofs(root)]
    assert len(commands) >= 4
    path = f"{sysconfig.get_path('scripts')}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    for command in commands:
        options = re.findall(r"--[a-z]+", command)
        live = "--live" in options  # there is nothing to attack here: only that it can be said
        shell = ["sh", "-c", "yett prove --help" if live else command]
        environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120"}
        done = subprocess.run(
            shell, cwd=shop, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert not live or [option for option in options if option not in done.stdout] == []
