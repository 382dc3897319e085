"""Property: a child is told of every change, or it does not serve on."""

import queue
import sys
import threading

from yett.serve import child
from yett.serve.child import Child, Start

DEAF = """\
#!{python}
import json, os, signal, sys
os.close(json.load(sys.stdin)["control"])
signal.pause()
"""


BUSY = """\
#!{python}
import json, signal, sys
json.load(sys.stdin)
signal.pause()
"""


def worker(tmp_path, monkeypatch, text):
    path = tmp_path / "worker"
    path.write_text(text.format(python=sys.executable))
    path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(path))


def test_a_child_that_reads_nothing_holds_nobody_up(tmp_path, monkeypatch):
    worker(tmp_path, monkeypatch, BUSY)
    monkeypatch.setattr(child, "SEND_SECONDS", 0.05)
    told: queue.SimpleQueue = queue.SimpleQueue()
    started = Child(Start({}, [], None, tmp_path, None), lambda _, message: told.put(message))
    answers: queue.SimpleQueue = queue.SimpleQueue()
    sending = threading.Thread(target=lambda: answers.put(started.send(keys="k" * 10_000_000)), daemon=True)
    sending.start()
    try:
        assert answers.get(timeout=20) is False
    finally:
        started.kill()
    assert told.get(timeout=20) is None


def test_a_child_that_closes_its_control_socket_and_lives_on_is_ended(tmp_path, monkeypatch):
    worker(tmp_path, monkeypatch, DEAF)
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.05)
    told: queue.SimpleQueue = queue.SimpleQueue()
    started = Child(Start({}, [], None, tmp_path, None), lambda _, message: told.put(message))
    assert told.get(timeout=20) is None
    assert started.wait() == -9
    assert not started.send(drain=None)
