"""Property: a sink that takes nothing stops no traffic; metrics count what is lost, the log says so while it hangs."""

import json
import os
import re
import select
import socket
from contextlib import ExitStack

import pytest

from yett.serve.gateway import Gateway

pytestmark = pytest.mark.slow
BATCH = 128  # records that a reactor hands on together
ROOM = 512  # batches that the queue holds
SECONDS = 10
DROPPED = "yett_evidence_dropped_total"
SAID = re.compile(r"WARNING evidence is dropped: its writer is behind, or hangs dropped=(\d+)\n")
ANSWER = re.compile(rb"HTTP/1.1 (\d+)")


@pytest.fixture
def hanging(tmp_path):
    """A pipe that nobody reads: who opens it to write waits."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def serving(plan, hanging):
    """A gateway that writes evidence there, and what its child logs."""
    top = "gateway: {listen: [127.0.0.1:0], threads: 1, admin: '127.0.0.2:0'}"
    path = plan("limit: none", top=f"{top}\nevidence: [{{file: {hanging}}}]")
    ours, (reading, writing) = os.dup(2), os.pipe()
    os.dup2(writing, 2)  # the child inherits it
    os.close(writing)
    with ExitStack() as stack:
        stack.callback(os.close, reading)
        try:
            stack.enter_context(gateway := Gateway(path))
        finally:
            os.dup2(ours, 2)
            os.close(ours)
        yield gateway, reading


def asked(client: socket.socket, number: int) -> set[bytes]:
    """The statuses of so many requests that come at once."""
    client.sendall(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * number)
    found, octets = [], b""
    while len(found) < number:
        octets += client.recv(1 << 20)
        found = ANSWER.findall(octets)
    return set(found)


def said(log: int) -> int:
    """How many records the child says are dropped, as soon as it does."""
    text = ""
    while not (found := SAID.search(text)):
        assert select.select([log], [], [], SECONDS)[0], f"it never said it: {text}"
        text += os.read(log, 65536).decode()
    return int(found[1])


def test_a_full_queue(serving, hanging, client):
    gateway, log = serving

    def dropped() -> int:
        return int(re.search(rf"^{DROPPED} (\d+)$", client.get(f"{gateway.admin_url}/metrics").text, re.M)[1])

    host, _, port = gateway.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as many:
        for _ in range(ROOM + 8):
            assert asked(many, BATCH) == {b"404"}, "traffic goes on"
    assert dropped()
    assert 0 < said(log) <= (lost := dropped()), "the writer still hangs"
    with hanging.open() as pipe:
        missed = next(line for line in map(json.loads, pipe) if "evidence_dropped" in line)
    assert missed["evidence_dropped"] == lost
