"""The stub upstream: answers each request as it was told by trace id, on real sockets, and remembers whom it saw."""

import pytest

from yett.prove.message import Reply
from yett.prove.stub import Stub
from yett.prove.wire import Heard, converse, new_trace

HEAD = "{method} / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01\r\n"


@pytest.fixture
def stub():
    with Stub().serving() as stub:
        yield stub


def ask(stub: Stub, trace: str, more: str = "\r\n", method: str = "GET") -> Heard:
    octets = (HEAD.format(method=method, trace=trace) + more).encode()
    return converse(("127.0.0.1", stub.port), None, octets, ends=True)


def test_answers_as_it_was_told(stub):
    trace, other = new_trace(), new_trace()
    stub.tell(trace, Reply(201, [("Content-Type", "text/plain")], b"hello"))
    assert ask(stub, trace).octets == b"HTTP/1.1 201 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    assert ask(stub, other).status == 204
    assert stub.saw(trace)
    assert stub.saw(other)
    assert not stub.saw(new_trace())


@pytest.mark.parametrize(
    "body", ["Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
)
def test_reads_bodies_so_that_the_next_request_is_one(stub, body):
    trace, second = new_trace(), new_trace()
    heard = ask(stub, trace, f"{body}{HEAD.format(method='GET', trace=second)}\r\n", "POST")
    assert heard.octets.count(b"HTTP/1.1 204") == 2
    assert stub.saw(second)


@pytest.mark.parametrize(("behaviour", "octets"), [("garbage", b"this is not HTTP\r\n\r\n"), ("closing", b"")])
def test_misbehaves_as_it_was_told(stub, behaviour, octets):
    trace = new_trace()
    stub.tell(trace, None, behaviour)
    assert ask(stub, trace).octets == octets
