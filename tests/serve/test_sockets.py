"""Sockets are opened all or none, kept while the plan names them, and refused in words that help."""

import socket

import pytest

from yett.serve.sockets import CannotServe, Sockets, listen


def test_an_address_in_use():
    with listen("127.0.0.1:0") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"127.0.0.1:{port} is in use by another process; stop that one"):
            listen(f"127.0.0.1:{port}")


def test_an_address_of_another_machine():
    with pytest.raises(CannotServe, match="is no address of this machine"):
        listen("192.0.2.1:0")


def test_all_or_none():
    sockets = Sockets()
    with listen("127.0.0.1:0") as taken:
        busy = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CannotServe):
            sockets.want(["127.0.0.1:0", busy])
    [found] = sockets.want([busy])
    assert found.getsockname()[1] == int(busy.rpartition(":")[2])
    sockets.keep([])
    assert found.fileno() == -1


def test_every_address_on_a_port_that_is_its_own():
    sockets = Sockets()
    sockets.want(["127.0.0.1:0"])
    [own] = sockets.names(["127.0.0.1:0"])
    port = own.rpartition(":")[2]
    said = f"0.0.0.0:{port} is in use by this gateway itself, which listens on {own}: the gateway needs a restart"
    with pytest.raises(CannotServe, match=said):
        sockets.want([f"0.0.0.0:{port}"])
    sockets.keep([])


def test_what_is_wanted_again_is_the_same_socket():
    sockets = Sockets()
    [first] = sockets.want(["127.0.0.1:0"])
    again, second = sockets.want(["127.0.0.1:0", "127.0.0.2:0"])
    assert again is first
    sockets.keep(["127.0.0.2:0"])
    assert first.fileno() == -1
    assert sockets.names(["127.0.0.2:0"]) == [f"127.0.0.2:{second.getsockname()[1]}"]
    sockets.keep([])


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_is_named_with_brackets():
    sockets = Sockets()
    sockets.want(["[::1]:0"])
    assert sockets.names(["[::1]:0"])[0].startswith("[::1]:")
    sockets.keep([])
