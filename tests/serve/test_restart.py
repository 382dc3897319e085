"""Property: a hot restart loses no request, and a child that does not come up changes nothing."""

import http.client
import threading
from types import SimpleNamespace

import pytest

from yett.serve import child

NOW = 1_800_000_000
SECONDS = 20
CLIENTS = 4


class Load:
    """Clients that ask without end, over connections that they keep and over new ones; what they lost is in `lost`."""

    def __init__(self, url: str) -> None:
        self._netloc = url.removeprefix("http://")
        self._end = threading.Event()
        self._more = threading.Condition()
        self.served = 0
        self.lost: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(SECONDS)

    def wait(self, count: int) -> None:
        """Until so many more were served."""
        with self._more:
            until = self.served + count
            assert self._more.wait_for(lambda: self.lost or self.served >= until, SECONDS)

    def _ask(self, number: int) -> None:
        """The first client opens a connection for each request, the second pauses between two, the others do not."""
        connection = http.client.HTTPConnection(self._netloc, timeout=SECONDS)
        headers = {"connection": "close"} if number == 0 else {}
        while not self._end.wait(0.02 if number == 1 else 0):
            try:
                connection.request("GET", "/open", headers=headers)
                answer = connection.getresponse()
                answer.read()
                why = "" if answer.status == 200 else f"status {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                why = f"client {number}: {error!r}"
            with self._more:
                self.served += not why
                self.lost += [why] if why else []
                self._more.notify_all()
        connection.close()


@pytest.mark.parametrize("restarts", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_restarts_under_load_lose_no_request(restarts, gateway, lines):
    with Load(gateway.url) as load:
        for _ in range(restarts):
            load.wait(CLIENTS)
            before = gateway.child_pid
            gateway.restart()
            lines.wait("a new child serves")
            assert gateway.child_pid != before
        load.wait(CLIENTS)
    assert load.lost == []
    drained = [line for line in lines.seen if line["message"] == "the old child has drained"]
    assert len(drained) <= restarts


def test_a_new_child_that_does_not_come_up_changes_nothing(gateway, client, lines, monkeypatch):
    before = gateway.child_pid
    with monkeypatch.context() as patched:
        patched.setattr(child, "sys", SimpleNamespace(executable="/bin/false"))
        gateway.restart()
        lines.wait("the new child ended before it served; the old one stays")
    assert gateway.child_pid == before
    assert client.get(f"{gateway.url}/open").status_code == 200
    gateway.restart()
    lines.wait("a new child serves")
    assert gateway.child_pid != before


def test_a_key_that_is_revoked_during_a_restart_is_revoked(gateway, keys, client, lines):
    key, text = keys.add("anna", NOW)
    lines.wait("keys changed")
    gateway.restart()
    keys.revoke(key.id, NOW)
    lines.wait("a new child serves")
    headers = {"x-api-key": text}
    while client.get(f"{gateway.url}/notes/7", headers=headers).status_code == 200:
        lines.wait("keys changed")
    assert client.get(f"{gateway.url}/notes/7", headers=headers).status_code == 401
