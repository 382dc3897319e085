"""The store in a real PostgreSQL, started for these tests: the same keys, the same changes."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from yett.store.database import open_database
from yett.store.keys import Keys

pytestmark = pytest.mark.slow
NOW = 1_800_000_000


def program(peer, name: str) -> Path:
    """Debian keeps the server's programs apart from PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found[-1] if found else peer(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Runs as nobody where the tests are root's: PostgreSQL refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="yett-postgresql-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    yield folder, user
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def url(server, request):
    folder, user = server
    peer = request.getfixturevalue("peer")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    cluster, log = folder / "cluster", folder / "log"

    def run(name: str, *arguments: object) -> None:
        command = [program(peer, name), "-D", cluster, *arguments]
        subprocess.run(command, cwd=folder, user=user, check=True, capture_output=True)

    run("initdb", "-U", "yett", "-A", "trust", "--no-sync")
    settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-l", log, "-w", "-o", settings, "start")
    yield f"postgresql://yett@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-m", "immediate", "-w", "stop")


def test_keys_in_postgresql(url, plan, tmp_path):
    keys, other = Keys.of(plan(f"store: {url}")), Keys.of(plan(f"store: {url}"))
    assert keys.pepper == (tmp_path / "yett.pepper").read_text().strip()
    seen = [other.revision()]
    key, _ = keys.add("anna", NOW, ["read"], ["admin"], NOW + 60)
    seen.append(other.revision())
    _, [told] = other.in_force()
    assert (told["subject"], told["scopes"], told["roles"], told["expires"]) == ("anna", ["read"], ["admin"], NOW + 60)
    assert [each.id for each in other.revoke("anna", NOW + 1)] == [key.id]
    seen.append(keys.revision())
    assert keys.in_force()[1] == []
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    ("query", "patience", "path"),
    [
        ("", "2s", '"$user", public'),
        ("?options=-c%20search_path%3Dpublic", "2s", "public"),
        ("?options=-c%20statement_timeout%3D7s", "7s", '"$user", public'),
    ],
)
def test_a_statement_is_waited_for_briefly_unless_the_url_says_otherwise(url, tmp_path, query, patience, path):
    with open_database(url + query, tmp_path).connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == patience
        assert connection.exec_driver_sql("SHOW search_path").scalar() == path
