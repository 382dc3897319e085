"""Property: curl speaks HTTP/2 with a gateway that has TLS, as it does HTTP/1.1, unless the plan says `off`."""

import json
import shutil

import pytest

from tests.certificates import made
from tests.serve.secure import run


def _speaks_http2() -> bool:
    curl = shutil.which("curl")
    return curl is not None and "HTTP2" in run(curl, "--version").stdout


needs_curl = pytest.mark.skipif(not _speaks_http2(), reason="there is no curl with HTTP/2 here")


def curl(listener, *arguments: str, paths: tuple[str, ...] = ("/open",)) -> list[str]:
    """Of each answer its version, status and body."""
    address = f"a.example:{listener.address[1]}:127.0.0.1"
    command = ["curl", "-sS", "--noproxy", "*", "--cacert", str(listener.folder / "ca.pem"), "--resolve", address]
    urls = [f"https://a.example:{listener.address[1]}{path}" for path in paths]
    done = run(*command, "-w", " %{http_version} %{http_code}\n", *arguments, *urls)
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs_curl
def test_curl_gets_http2(one):
    assert curl(one, "--http2", paths=("/open", "/open")) == ['{"id": 7} 2 200'] * 2
    assert curl(one, "--http1.1") == ['{"id": 7} 1.1 200']
    assert curl(one, "--http2", "-o", "/dev/null", paths=("/nothing",)) == [" 2 404"]


@needs_curl
def test_many_requests_at_a_time(one):
    answers = curl(one, "--http2", "--no-progress-meter", "--parallel", "--parallel-immediate", paths=("/open",) * 60)
    # What curl prints of several bodies at a time has no order.
    text = "".join(answers)
    assert (text.count('{"id": 7}'), text.count(" 2 200")) == (60, 60)
    lines = (one.folder / "evidence.jsonl").read_text().splitlines()
    assert {json.loads(line)["decision"] for line in lines} <= {"permitted"}


@needs_curl
def test_off_leaves_http_1(serving, ca):
    listener = serving({"a": made("a", ca, names=["a.example"])}, more=", http2: off")
    assert curl(listener, "--http2") == ['{"id": 7} 1.1 200']
