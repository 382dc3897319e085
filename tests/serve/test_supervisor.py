"""Property: what changes is in force soon, what is wrong changes nothing, and no request is lost."""

import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.serve.conftest import DESCRIPTION, KEYS, Notes
from yett.policy.findings import PlanError
from yett.serve import supervisor
from yett.serve.gateway import Gateway
from yett.serve.log import Log
from yett.serve.sockets import CannotServe
from yett.serve.stock import Stock

NOW = 1_800_000_000


def test_it_serves_what_the_plan_permits(gateway, keys, client, lines):
    _, text = keys.add("anna", NOW)
    lines.wait("keys changed")
    assert client.get(f"{gateway.url}/open").json() == {"id": 7}
    assert client.get(f"{gateway.url}/notes/7").status_code == 401
    assert client.get(f"{gateway.url}/notes/7", headers={"x-api-key": text}).json() == {"id": 7}
    assert client.get(f"{gateway.url}/notes/seven", headers={"x-api-key": text}).status_code == 422
    assert client.get(f"{gateway.url}/other", headers={"x-api-key": text}).status_code == 404


def test_a_key_is_in_force_and_revoked_within_a_second(gateway, keys, client, lines):
    started = time.monotonic()
    key, text = keys.add("anna", NOW)
    lines.wait("keys changed")
    assert time.monotonic() - started < 1
    assert client.get(f"{gateway.url}/notes/7", headers={"x-api-key": text}).status_code == 200
    started = time.monotonic()
    keys.revoke(key.id, NOW)
    lines.wait("keys changed")
    assert time.monotonic() - started < 1
    assert client.get(f"{gateway.url}/notes/7", headers={"x-api-key": text}).status_code == 401


def test_a_changed_plan_is_in_force(gateway, plan, client, lines, tmp_path):
    before = gateway.plan_hash
    plan(*KEYS, "headers: {x-notes: changed}")
    said = lines.wait("plan reloaded")
    assert said["plan"] == gateway.plan_hash != before
    assert client.get(f"{gateway.url}/open").headers["x-notes"] == "changed"
    assert {path.name for path in (tmp_path / "plans").iterdir()} == {f"{before}.json", f"{gateway.plan_hash}.json"}


def test_another_folder_for_plans_is_no_plan_unchanged(gateway, plan, lines, tmp_path):
    plan(*KEYS, top="gateway: {listen: [127.0.0.1:0], threads: 1}\nplans: elsewhere")
    lines.wait("plan reloaded")
    assert [path.stem for path in (tmp_path / "elsewhere").iterdir()] == [gateway.plan_hash]


def test_a_changed_description_is_in_force(gateway, client, lines, tmp_path):
    assert client.get(f"{gateway.url}/shut").status_code == 404
    (tmp_path / "notes.yaml").write_text(DESCRIPTION.replace("/open:", "/shut:"))
    lines.wait("plan reloaded")
    assert client.get(f"{gateway.url}/shut").status_code == 200
    assert client.get(f"{gateway.url}/open").status_code == 404


def test_a_bad_plan_changes_nothing_and_says_why(gateway, plan, client, lines):
    before = gateway.plan_hash
    plan(*KEYS, "lmit: none", "mode: off")
    lines.wait("the changed plan is refused, the old one stays")
    said = [lines.lines.get(timeout=5)["message"] for _ in range(2)]
    assert "found the unknown key 'lmit'" in said[0]
    assert "found 'off', expected enforce or report" in said[1]
    assert gateway.plan_hash == before
    assert client.get(f"{gateway.url}/open").status_code == 200
    plan(*KEYS, "headers: {x-notes: mended}")
    lines.wait("plan reloaded")


def test_a_plan_that_vanishes_changes_nothing(gateway, plan, client, lines, tmp_path):
    (tmp_path / "yett.yaml").unlink()
    lines.wait("the changed plan is refused, the old one stays")
    assert client.get(f"{gateway.url}/open").status_code == 200


def test_a_description_that_comes_after_its_plan(gateway, plan, client, lines, tmp_path):
    text = plan(*KEYS).read_text().replace("notes.yaml", "later.yaml")
    (tmp_path / "yett.yaml").write_text(text)
    lines.wait("the changed plan is refused, the old one stays")
    assert "found no file later.yaml" in lines.lines.get(timeout=5)["message"]
    (tmp_path / "later.yaml").write_text(DESCRIPTION.replace("/open:", "/late:"))
    lines.wait("plan reloaded")
    assert client.get(f"{gateway.url}/late").status_code == 200


def test_an_address_that_another_holds_changes_nothing(plan, client, lines, upstream):
    with Gateway(plan(*KEYS), port=None, log=Log("info", "json", lines)) as gateway:
        lines.wait("gateway serves")
        plan(*KEYS, top=f"gateway: {{listen: ['127.0.0.1:0', '{upstream.removeprefix('http://')}'], threads: 1}}")
        said = lines.wait("the changed plan is refused, the old one stays")
        assert "is in use by another process" in said["why"]
        assert client.get(f"{gateway.url}/open").status_code == 200


def test_a_reload_without_a_change(gateway, lines):
    gateway.reload()
    lines.wait("the plan is unchanged")


def test_another_address_needs_another_child_and_loses_nothing(gateway, plan, client, lines):
    pid, url = gateway.child_pid, gateway.url
    plan(*KEYS, top="gateway: {listen: [127.0.0.1:0, '127.0.0.2:0'], threads: 1}")
    said = lines.wait("a new child serves")
    assert gateway.child_pid != pid
    assert gateway.url == url
    for address in said["listen"].split(","):
        assert client.get(f"http://{address}/open").status_code == 200


def test_a_plan_that_begins_to_use_keys(plan, client, lines):
    with Gateway(plan("limit: none"), log=Log("info", "json", lines)) as gateway:
        lines.wait("gateway serves")
        assert client.get(f"{gateway.url}/notes/7").status_code == 501
        plan(*KEYS)
        lines.wait("the old child has drained")
        assert client.get(f"{gateway.url}/notes/7").status_code == 401


def test_a_child_that_dies_is_started_again(gateway, client, lines):
    pid = gateway.child_pid
    os.kill(pid, signal.SIGKILL)
    lines.wait("the child ended; it is started again")
    lines.wait("the child serves again")
    assert gateway.child_pid != pid
    assert client.get(f"{gateway.url}/open").status_code == 200


def test_a_request_under_way_ends_before_the_gateway_does(plan, client, lines):
    Notes.gate.clear()
    answers = []
    with Gateway(plan(*KEYS), log=Log("info", "json", lines)) as gateway:
        asking = threading.Thread(target=lambda: answers.append(client.get(f"{gateway.url}/open").json()))
        asking.start()
        Notes.arrived.wait(10)
        gateway.stop()
        lines.wait("gateway drains")
        Notes.gate.set()
        asking.join()
    assert answers == [{"id": 7}]


def test_it_cannot_start_with_a_bad_plan(plan):
    with pytest.raises(PlanError), Gateway(plan("lmit: none")):
        pass


def test_it_cannot_start_where_another_listens(plan, upstream):
    taken = upstream.rpartition(":")[2]
    with (
        pytest.raises(CannotServe, match=f"127.0.0.1:{taken} is in use by another process"),
        Gateway(plan(), port=int(taken)),
    ):
        pass


def test_a_clock_that_stands(plan, tmp_path):
    with Gateway(plan("limit: none", top="evidence: [{file: evidence.jsonl}]"), clock=1_000_000_000 * NOW) as gateway:
        httpx.get(f"{gateway.url}/open", trust_env=False)
    assert '"time":"2027-01-15T08:00:00' in (tmp_path / "evidence.jsonl").read_text()


def test_a_change_while_the_first_plan_is_compiled_is_seen(plan, lines, monkeypatch):
    compile_plan = supervisor.accept

    def compiled(path):
        found = compile_plan(path)
        plan(*KEYS, "headers: {x-notes: changed}")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(supervisor, "accept", compiled)
        gateway = Gateway(plan(*KEYS), log=Log("info", "json", lines))
        gateway._supervisor.start()
    gateway._thread.start()
    lines.wait("plan reloaded")
    gateway.stop()
    gateway._thread.join()


def test_a_stop_while_a_plan_is_compiled_starts_no_child(plan, lines, monkeypatch):
    compiling, compiled = threading.Event(), threading.Event()
    compile_plan, began = supervisor.accept, []

    def slowly(path):
        compiling.set()
        assert compiled.wait(10)
        return compile_plan(path)

    with Gateway(plan(*KEYS), log=Log("info", "json", lines)) as gateway:
        monkeypatch.setattr(supervisor, "accept", slowly)
        monkeypatch.setattr(gateway._supervisor._children, "raise_up", began.append)
        take, built = gateway._supervisor._built, threading.Event()

        def taken(event) -> None:
            take(event)
            built.set()

        monkeypatch.setattr(gateway._supervisor, "_built", taken)
        children = gateway._supervisor._children
        monkeypatch.setattr(children, "all", lambda: [] if built.is_set() else [children.serving])
        plan(*KEYS, top="gateway: {listen: [127.0.0.1:0, '127.0.0.2:0'], threads: 1}")
        assert compiling.wait(10)
        gateway.stop()
        lines.wait("gateway drains")
        compiled.set()
    assert built.is_set()
    assert began == []


def test_a_database_that_does_not_answer_holds_up_no_plan(gateway, plan, lines, monkeypatch):
    looking, answers = threading.Event(), threading.Event()

    def waits(stock):
        looking.set()
        assert answers.wait(20)

    monkeypatch.setattr(Stock, "look", waits)
    try:
        assert looking.wait(10)
        plan(*KEYS, "headers: {x-notes: changed}")
        lines.wait("plan reloaded")
    finally:
        answers.set()


def test_a_fault_of_the_store_changes_nothing(gateway, keys, client, lines, monkeypatch):
    monkeypatch.setattr(supervisor, "STORE_TROUBLE_SECONDS", 0.0)

    def fails(stock):
        raise RuntimeError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Stock, "look", fails)
        assert lines.wait("keys cannot be read, the old ones stay")["why"] == "RuntimeError: gone"
    keys.add("anna", NOW)
    lines.wait("keys changed")


def test_a_child_that_cannot_be_told_of_a_revoked_key_serves_no_longer(gateway, keys, client, lines, monkeypatch):
    key, text = keys.add("anna", NOW)
    lines.wait("keys changed")
    assert client.get(f"{gateway.url}/notes/7", headers={"x-api-key": text}).status_code == 200
    monkeypatch.setattr(gateway._supervisor._children.serving, "send", lambda **message: False)
    keys.revoke(key.id, NOW)
    lines.wait("the child cannot be told of changes, and is ended")
    lines.wait("the child serves again")
    assert client.get(f"{gateway.url}/notes/7", headers={"x-api-key": text}).status_code == 401


def test_the_child_inherits_no_secret(plan, lines, monkeypatch):
    monkeypatch.setenv("NOTES_PEPPER", "ab" * 32)
    monkeypatch.setenv("PGPASSWORD", "secret")
    monkeypatch.setenv("NOTES_OTHER", "kept")
    top = "gateway: {listen: [127.0.0.1:0], threads: 1}\nstore: {pepper: {env: NOTES_PEPPER}}"
    with Gateway(plan(*KEYS, top=top), log=Log("info", "json", lines)) as gateway:
        inherited = Path(f"/proc/{gateway.child_pid}/environ").read_bytes()
    assert b"NOTES_OTHER=kept" in inherited
    assert b"NOTES_PEPPER" not in inherited
    assert b"PGPASSWORD" not in inherited


def test_it_says_where_evidence_goes(plan, lines):
    for top, said in [
        ("evidence: [{file: evidence.jsonl}, {file: more.jsonl}]", "evidence.jsonl,more.jsonl"),
        ("evidence: []", "nowhere"),
    ]:
        with Gateway(plan(*KEYS, top=top), log=Log("info", "json", lines)):
            assert lines.wait("gateway serves")["evidence"] == said


def test_the_same_wrong_is_said_once_unless_it_is_asked_for(gateway, plan, lines, tmp_path):
    refused = "the changed plan is refused, the old one stays"
    (tmp_path / "yett.yaml").unlink()
    lines.wait(refused)
    first = len(lines.seen)
    built = threading.Event()
    take = gateway._supervisor._built
    gateway._supervisor._built = lambda event: (take(event), built.set())
    (tmp_path / "notes.yaml").unlink()
    assert built.wait(10)
    gateway.reload()
    lines.wait("reload was asked for")
    assert refused not in [line["message"] for line in lines.seen[first:]]
    lines.wait(refused)


@pytest.mark.slow
def test_two_hundred_reloads_under_load_lose_no_request(gateway, plan, lines):
    """Every tenth plan is bad."""
    ended = threading.Event()
    answers: list[int | str] = []
    answered = threading.Semaphore(0)

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=20) as client:
            while not ended.is_set():
                try:
                    answers.append(client.get(f"{gateway.url}/open").status_code)
                except httpx.HTTPError as error:
                    answers.append(repr(error))
                answered.release()

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    try:
        for number in range(200):
            bad = number % 10 == 9
            plan(*KEYS, f"headers: {{x-number: '{number}'}}", *(["lmit: none"] if bad else []))
            gateway.reload()
            lines.wait("the changed plan is refused, the old one stays" if bad else "plan reloaded")
            assert all(answered.acquire(timeout=20) for _ in range(5))
    finally:
        ended.set()
        for each in asking:
            each.join()
    assert len(answers) >= 1000
    assert set(answers) == {200}
