"""The figures of the bench: which processes count, and which runs do not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import load


def test_the_tree_has_the_children(tmp_path):
    code = "import subprocess; c = subprocess.Popen(['cat'], stdin=subprocess.PIPE); print(c.pid, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        assert load.tree(parent.pid) == [parent.pid, child]
        parent.stdin.close()


def test_cpu_seconds_grow_with_work():
    pid = [os.getpid()]
    before = load.cpu_seconds(pid)
    while (spent := load.cpu_seconds(pid) - before) == 0:
        sum(range(10_000))
    assert spent < 1


def printed(monkeypatch, text: str) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, stdout=text, stderr=""))


def test_wrk_is_read(monkeypatch):
    printed(monkeypatch, "Running\n  45297 requests in 1.50s, 9.1MB read\nRequests/sec: 45\n")
    assert load.wrk("http://x", 1, {"A": "b"}, Path("s.lua"), 1) == (45297, 1.5)


H2LOAD = """\
Application protocol: {}
requests: {} total, {} started, {} done, {} succeeded, 0 failed, {} errored, 0 timeout
status codes: {} 2xx, 0 3xx, {} 4xx, 0 5xx
"""


def test_h2load_is_read(monkeypatch):
    printed(monkeypatch, H2LOAD.format("h2", 9, 9, 9, 9, 0, 9, 0))
    assert load.h2load("https://x", 2, 1) == (9, 2.0)


@pytest.mark.parametrize(
    "figures",
    [("http/1.1", 9, 9, 9, 9, 0, 9, 0), ("h2", 9, 9, 9, 9, 1, 9, 0), ("h2", 9, 9, 9, 9, 0, 8, 1), ("h2", *[0] * 7)],
)
def test_a_run_of_h2load_that_is_not_whole_is_void(monkeypatch, figures):
    printed(monkeypatch, H2LOAD.format(*figures))
    with pytest.raises(load.Spoiled):
        load.h2load("https://x", 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "  10 requests in 1.00s, 1KB read\n  Non-2xx or 3xx responses: 1\n",
        "  10 requests in 1.00s, 1KB read\n  Socket errors: connect 0, read 3, write 0, timeout 0\n",
        "  0 requests in 1.00s, 0B read\n",
        "unable to connect",
    ],
)
def test_a_run_with_a_refused_request_is_void(monkeypatch, text):
    printed(monkeypatch, text)
    with pytest.raises(load.Spoiled):
        load.wrk("http://x", 1, {}, None, 1)
