"""Property: a child is told of every change, or it does not serve on."""

import queue
import sys

from yett.serve import child
from yett.serve.child import Child, Start

DEAF = """\
#!{python}
import json, os, signal, sys
os.close(json.load(sys.stdin)["control"])
signal.pause()
"""


def test_a_child_that_closes_its_control_socket_and_lives_on_is_ended(tmp_path, monkeypatch):
    worker = tmp_path / "worker"
    worker.write_text(DEAF.format(python=sys.executable))
    worker.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(worker))
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.05)
    told: queue.SimpleQueue = queue.SimpleQueue()
    started = Child(Start({}, [], None, tmp_path, None), lambda _, message: told.put(message))
    assert told.get(timeout=20) is None
    assert started.wait() == -9
    assert not started.send(drain=None)
