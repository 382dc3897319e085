"""Property: changed certificates are in force without a lost connection, and those that do not fit change nothing."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.certificates import Pair, made
from tests.serve.secure import SECONDS, ask, write
from yett._engine import load_plan
from yett.policy import check
from yett.serve import supervisor


def test_changed_files_are_in_force_and_no_connection_is_lost(one, ca, lines):
    with one.connect() as old:
        assert ask(old).status == 200
        write(one.folder, "a", made("a", ca, names=["a.example", "new.example"]))
        lines.wait("certificates changed")
        assert ask(old).status == 200
    assert one.shown() == ["a.example", "new.example"]


def swap(link: Path, target: str) -> None:
    """What certbot and the mounts of Kubernetes do: nobody sees a moment without the link."""
    new = link.with_name("new")
    new.symlink_to(target)
    new.replace(link)


def test_a_link_that_is_swapped_is_a_change(serving, ca, lines, tmp_path):
    for version, names in (("v1", ["a.example"]), ("v2", ["a.example", "new.example"])):
        (tmp_path / version).mkdir()
        write(tmp_path / version, "a", made("a", ca, names=names))
    (tmp_path / "data").symlink_to("v1")
    for file in ("a.pem", "a.key"):
        (tmp_path / file).symlink_to(f"data/{file}")
    listener = serving({"a": None})
    assert listener.shown() == ["a.example"]
    swap(tmp_path / "data", "v2")
    lines.wait("certificates changed")
    assert listener.shown() == ["a.example", "new.example"]


def test_a_bad_certificate_is_refused_and_the_old_one_stays(one, ca, lines):
    past = datetime.now(UTC) - timedelta(days=10)
    write(one.folder, "a", made("a", ca, names=["a.example", "late.example"], begins=past, days=5))
    lines.wait(supervisor.REFUSED)
    while "found in a.pem a certificate that ended at" not in lines.lines.get(timeout=SECONDS)["message"]:
        pass
    assert one.shown() == ["a.example"]
    write(one.folder, "a", made("a", ca, names=["a.example", "new.example"]))
    lines.wait("certificates changed")
    assert one.shown() == ["a.example", "new.example"]


def labelled(pair: Pair) -> str:
    """PEM of before RFC 7468, which some libraries read."""
    return pair.pem.replace("CERTIFICATE", "X509 CERTIFICATE")


def test_what_a_child_would_not_read_is_refused_before_it_is_told(one, ca, lines):
    chain = one.folder / "a.pem"
    chain.write_text(chain.read_text().replace("CERTIFICATE", "X509 CERTIFICATE"))
    lines.wait(supervisor.REFUSED)
    found = "found certificates/0: the chain is empty, expected what a listener can show"
    lines.wait(f"{one.folder}/yett.yaml:2:20: {found}")
    assert one.shown() == ["a.example"]


def test_files_that_come_after_the_plan_that_names_them(one, ca, lines):
    plan = one.folder / "yett.yaml"
    plan.write_text(plan.read_text().replace("a.pem", "b.pem").replace("a.key", "b.key"))
    lines.wait(supervisor.REFUSED)
    write(one.folder, "b", made("b", ca, names=["b.example"]))
    lines.wait("the old child has drained")  # until then both accept
    assert one.shown() == ["b.example"]


def test_certificates_that_the_child_refuses_are_not_in_force(one, ca, lines, monkeypatch):
    monkeypatch.setattr(check, "load_plan", lambda plan, tls=None: load_plan(plan))
    pair = made("a", ca, names=["a.example", "new.example"])
    write(one.folder, "a", pair)
    (one.folder / "a.pem").write_text(labelled(pair))
    lines.wait("the child refuses the certificates, the old ones stay")
    os.kill(one.gateway.child_pid, signal.SIGKILL)
    lines.wait("the child serves again")
    assert one.shown() == ["a.example"]
    write(one.folder, "a", pair)
    lines.wait("certificates changed")
    assert one.shown() == ["a.example", "new.example"]


def test_another_file_in_the_plan(serving, ca, lines, plan):
    listener = serving({"a": made("a", ca, names=["a.example"])})
    write(listener.folder, "b", made("b", ca, names=["b.example"]))
    text = (listener.folder / "yett.yaml").read_text()
    with listener.connect() as old:
        assert ask(old).status == 200
        (listener.folder / "yett.yaml").write_text(text.replace("a.pem", "b.pem").replace("a.key", "b.key"))
        lines.wait("the old child has drained")  # until then both accept
        assert listener.shown() == ["b.example"]
