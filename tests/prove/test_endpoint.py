"""Where a running gateway is: its URL, and how Host says it."""

import pytest

from yett.prove.endpoint import Endpoint, LiveError


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "a.example",
        "http://a.example/v1",
        "http://a.example:x",
        "http://a.example:99999",
        "http://[::1",
        "http://anna:secret@a.example",
        "http://a.example?x",
    ],
)
def test_what_is_no_gateway(url):
    with pytest.raises(LiveError, match="expected http://HOST"):
        Endpoint.of(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://a.example", "a.example:443"),
    ],
)
def test_authorities(url, authority):
    assert Endpoint.of(url).authority == authority


def test_nobody_there():
    with pytest.raises(LiveError, match="cannot be reached"):
        Endpoint("127.0.0.1", 1, False).connect()
