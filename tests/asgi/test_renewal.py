"""Property: what changes is in force soon, what is wrong changes nothing, and no fault ends the looking."""

import json

import pytest

from tests.asgi.conftest import NOW, PLAN, Guarded, eventually, status, written
from yett.asgi import Yett
from yett.policy.read import read_plan
from yett.serve.asgi import keeper, renewal
from yett.serve.sockets import CannotServe
from yett.serve.stock import Stock
from yett.store.keys import Keys

REFUSED = "the changed plan is refused, the old one stays"


class Said:
    """What was said on standard error."""

    def __init__(self, capfd) -> None:
        self._capfd, self._text = capfd, ""

    def lines(self) -> list[str]:
        self._text += self._capfd.readouterr().err
        return self._text.splitlines()

    def wait(self, text: str) -> str:
        try:
            eventually(lambda: any(text in line for line in self.lines()))
        except AssertionError:
            pytest.fail(f"{text!r} was not said, but {self._text!r}")
        return next(line for line in self.lines() if text in line)


@pytest.fixture
def said(capfd):
    return Said(capfd)


def headers(guarded: Guarded) -> dict[str, str]:
    return {"x-api-key": Keys.of(read_plan(guarded.folder / "yett.yaml")).add("bob", NOW // 10**9)[1]}


def test_a_changed_plan_is_in_force(guarded, said):
    assert status(guarded, "GET", "/download") == 200
    written(guarded.folder, PLAN.replace("GET /download, ", ""))
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/download") == 401


def test_a_changed_description_is_in_force(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    description = json.loads((guarded.folder / "openapi.json").read_text())
    del description["paths"]["/health"]
    written(guarded.folder, PLAN.replace("GET /health, ", ""))
    written(guarded.folder, json.dumps(description), "openapi.json")
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/health") == 404


def test_a_change_before_the_first_request_is_seen(guarded, said):
    written(guarded.folder, PLAN.replace("GET /download, ", ""))
    assert status(guarded, "GET", "/health") == 200
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/download") == 401


def test_a_change_while_it_is_compiled_is_seen(guarded, said, monkeypatch):
    compile_plan = keeper.accept

    def compiled(path):
        found = compile_plan(path)
        written(guarded.folder, PLAN.replace("GET /download, ", ""))
        return found

    monkeypatch.setattr(keeper, "accept", compiled)
    guarded.app = Yett(guarded.app._app, guarded.folder / "yett.yaml", clock=NOW)
    assert status(guarded, "GET", "/health") == 200
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/download") == 401


def test_a_bad_plan_changes_nothing_and_says_why_in_a_line_each(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN + "lmit: none\nmode: off\n")
    said.wait(REFUSED)
    said.wait("found 'off', expected enforce or report")
    assert not any("\\n" in line for line in said.lines())
    assert sum("lmit" in line for line in said.lines()) == 1
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN)
    said.wait("the plan is unchanged")


def test_a_description_that_comes_after_its_plan(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN.replace("openapi.json", "later.json").replace("GET /download, ", ""))
    said.wait("found no file later.json")
    written(guarded.folder, (guarded.folder / "openapi.json").read_text(), "later.json")
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/download") == 401


def test_a_file_of_a_description_that_comes_after_it(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    description = json.loads((guarded.folder / "openapi.json").read_text())
    item, description["paths"]["/health"] = description["paths"]["/health"], {"$ref": "health.json"}
    written(guarded.folder, json.dumps(description), "openapi.json")
    said.wait("health.json")
    written(guarded.folder, json.dumps(item), "health.json")
    said.wait("the plan is unchanged")
    assert status(guarded, "GET", "/health") == 200


def test_a_fault_of_the_compiler_does_not_end_revocation(guarded, said, key, monkeypatch):
    assert status(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}) == 201

    def fails(path):
        raise ValueError("a number of 5,000 digits")

    with monkeypatch.context() as patched:
        patched.setattr(renewal, "accept", fails)
        written(guarded.folder, PLAN)
        assert "a number of 5,000 digits" in said.wait(REFUSED)
    Keys.of(read_plan(guarded.folder / "yett.yaml")).revoke("alice", NOW // 10**9)
    eventually(lambda: status(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}) == 401)
    written(guarded.folder, PLAN + "mode: report\n")
    said.wait("plan reloaded")


def test_a_fault_of_the_store_is_said_once_in_a_while_and_overcome(guarded, said, key, monkeypatch):
    monkeypatch.setattr(renewal, "TICK_SECONDS", 0.01)
    assert status(guarded, "GET", "/health") == 200
    looked = []

    def fails(stock):
        looked.append(stock)
        raise RuntimeError("the store is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Stock, "changed", fails)
        said.wait("keys cannot be read, the old ones stay")
        written(guarded.folder, PLAN.replace("GET /download, ", ""))
        said.wait("plan reloaded")
        assert len(looked) == 1, "files are looked at meanwhile, the store is not"


def test_keys_are_told_while_a_plan_is_compiled(guarded, key, monkeypatch):
    import threading

    compiling, done = threading.Event(), threading.Event()
    compile_plan = renewal.accept

    def slowly(path):
        compiling.set()
        assert done.wait(20)
        return compile_plan(path)

    monkeypatch.setattr(renewal, "accept", slowly)
    assert status(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}) == 201
    written(guarded.folder, PLAN + "mode: report\n")
    assert compiling.wait(10)
    try:
        Keys.of(read_plan(guarded.folder / "yett.yaml")).revoke("alice", NOW // 10**9)
        eventually(lambda: status(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}) == 401)
    finally:
        done.set()


@pytest.mark.parametrize(
    "changed",
    [
        PLAN + "store: sqlite:///other.db\n",
        PLAN + "plans: elsewhere\n",
        PLAN + "danger_state_per_process: true\n",
    ],
)
def test_what_a_shell_is_told_only_once_needs_a_restart(guarded, said, key, changed):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, changed)
    assert "needs a restart" in said.wait(REFUSED)
    assert status(guarded, "POST", "/orders", json={"item": 7}, headers={"x-api-key": key}) == 201


def test_a_plan_that_begins_to_use_keys_needs_a_restart(guarded, said):
    without = PLAN.replace("{key: {api_key: {}}}", "{}").replace("default: key, public: [", "public: [POST /orders, ")
    path = written(guarded.folder, without)
    guarded.app = Yett(guarded.app._app, path, clock=NOW)
    assert status(guarded, "POST", "/orders", json={"item": 7}) == 201
    written(guarded.folder, PLAN)
    assert "needs a restart" in said.wait(REFUSED)
    assert status(guarded, "POST", "/orders", json={"item": 7}) == 201
    guarded.app.close()
    guarded.app = Yett(guarded.app._app, path, clock=NOW)
    assert status(guarded, "POST", "/orders", json={"item": 7}, headers=headers(guarded)) == 201


def test_a_log_that_says_less_is_in_force(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN + "mode: report\nlog: {format: json}\n")
    assert json.loads(said.wait("plan reloaded"))["level"] == "info"


def test_a_plan_that_cannot_be_kept_is_not_in_force(guarded, said, monkeypatch):
    assert status(guarded, "GET", "/download") == 200

    def full(compiled):
        raise CannotServe("the disk is full")

    monkeypatch.setattr(renewal, "keep_plan", full)
    written(guarded.folder, PLAN.replace("GET /download, ", ""))
    assert "the disk is full" in said.wait(REFUSED)
    assert status(guarded, "GET", "/download") == 200


def test_evidence_goes_where_the_changed_plan_says(guarded, said):
    assert status(guarded, "GET", "/health") == 200
    written(guarded.folder, PLAN.replace("evidence.jsonl", "other.jsonl"))
    said.wait("plan reloaded")
    assert status(guarded, "GET", "/health") == 200
    guarded.app.close()
    lines = [(guarded.folder / name).read_text().splitlines() for name in ("evidence.jsonl", "other.jsonl")]
    assert [len(each) for each in lines] == [1, 1]
