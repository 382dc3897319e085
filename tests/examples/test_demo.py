"""`yett demo --serve` as a user runs it: the attacks fail through Yett, the printed line passes, Ctrl-C ends all."""

import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from orders.attacks import ATTACKS

pytestmark = pytest.mark.slow
VERB = ["demo", "--serve"]


@dataclass
class Run:
    """A whole run: what it printed until it served, what its curl lines brought, how it ended."""

    printed: str
    answers: list[httpx.Response]
    code: int


@pytest.fixture(scope="module")
def run(root):
    command = [sys.executable, "-m", "yett.cli", *VERB, "--dir", str(root / "examples" / "orders")]
    environment = os.environ | {"COLUMNS": "220"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            printed = ""
            while "Ctrl-C ends both" not in printed and (line := process.stdout.readline()):
                printed += line
            answers = [fetch(curl) for curl in re.findall(r"^  (curl .*)$", printed, re.M)]
            process.send_signal(signal.SIGINT)
            return Run(printed, answers, process.wait(60))
        finally:
            process.kill()


def fetch(curl):
    """What a printed curl line asks for."""
    words = shlex.split(curl)
    headers = dict([words[words.index("-H") + 1].split(": ", 1)]) if "-H" in words else {}
    return httpx.get(words[-1], headers=headers, trust_env=False)


def test_every_attack_has_its_row_and_none_falls_short(run):
    assert "Not as it should be" not in run.printed, run.printed
    for attack in ATTACKS:
        (row,) = [line for line in run.printed.splitlines() if re.match(rf"│ {re.escape(attack.shows)} +│", line)]
        assert "succeeds — " in row
        assert ("NOT STOPPED" in row) == bool(attack.later)
        assert attack.stopped_by in row


def test_the_printed_lines_do_what_is_said_of_them(run):
    passes, stopped, direct = run.answers
    assert passes.status_code == 200
    assert [order["owner"] for order in passes.json()] == ["alice"]
    assert stopped.status_code == 404
    assert direct.status_code == 200 and direct.json()["users"]


def test_the_end_leaves_no_process_and_no_file(run):
    assert run.code == 0
    (folder,) = re.findall(r"Evidence: (.*)/evidence\.jsonl", run.printed)
    assert not Path(folder).exists()
    urls = set(re.findall(r"http://127\.0\.0\.1:\d+", run.printed))
    assert len(urls) == 2
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


def test_make_run_is_this_command(root):
    """What `make run` does at last; what it builds before that is what `make test` builds."""
    command = ["make", "--no-print-directory", "--dry-run", "--always-make", "run"]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    trapped, _, started = shown.splitlines()[-1].rpartition("; ")
    assert trapped == "trap 'exit 0' INT"
    assert shlex.split(started) == [".venv/bin/yett", *VERB]
