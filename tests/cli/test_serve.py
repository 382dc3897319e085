"""`yett serve`: a process in the foreground that signals reload and end."""

import signal
import socket
import subprocess
import sys

import pytest

PLAN = """\
yett: 1
gateway: {listen: [127.0.0.1:%d], threads: 1}
apis:
  notes:
    openapi: openapi.yaml
    upstream: {urls: [http://127.0.0.1:9000]}
"""


@pytest.fixture
def serve(yett, tmp_path):
    """Starts `yett serve` with a port; ends with the test."""
    started = []

    def serve(port=0):
        (tmp_path / "yett.yaml").write_text(PLAN % port)
        command = [sys.executable, "-m", "yett.cli", "serve"]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield serve
    for process in started:
        # A killed parent leaves its child serving, which is what it should do, and not what a test should leave behind.
        process.terminate()
        process.stderr.read()
        process.wait()
        process.stderr.close()


def until(process, message):
    for line in process.stderr:
        if message in line:
            return line
    raise AssertionError(f"it never said {message!r}")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_drains(serve, end):
    process = serve()
    until(process, "gateway serves")
    process.send_signal(end)
    until(process, "gateway drains")
    until(process, "gateway ended")
    assert process.wait(20) == 0


def test_it_reloads(serve):
    process = serve()
    until(process, "gateway serves")
    process.send_signal(signal.SIGHUP)
    until(process, "reload was asked for")
    until(process, "the plan is unchanged")


def test_it_starts_a_new_child(serve):
    process = serve()
    until(process, "gateway serves")
    process.send_signal(signal.SIGUSR2)
    until(process, "a restart was asked for")
    until(process, "a new child serves")
    until(process, "the old child has drained")


def test_a_port_in_use(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve(port)
        said = process.stderr.read()
        assert process.wait(20) == 2
    assert f"yett.yaml: 127.0.0.1:{port} is in use by another process; stop that one, or name another address" in said


def test_a_bad_plan(yett, tmp_path):
    (tmp_path / "yett.yaml").write_text(PLAN % 0 + "    lmit: none\n")
    done = yett("serve")
    assert done.code == 2
    assert done.err.endswith("yett.yaml: 1 error\n")
