"""The database: made at need, migrated, opened by one that knows its form, and clear where it cannot be opened."""

import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from yett.store.database import open_database
from yett.store.error import StoreError
from yett.store.tables import Base


def test_the_migrations_make_the_tables_that_the_code_reads(tmp_path):
    engine = open_database("sqlite:///yett.db", tmp_path)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_database_is_for_its_owner_alone_and_writes_ahead(tmp_path):
    engine = open_database("sqlite:///yett.db", tmp_path)
    assert (tmp_path / "yett.db").stat().st_mode & 0o777 == 0o600
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_an_absolute_path_stays_where_it_is(tmp_path):
    open_database(f"sqlite:///{tmp_path}/deep.db", tmp_path / "elsewhere")
    assert (tmp_path / "deep.db").exists()


def test_a_newer_form_is_refused(tmp_path):
    open_database("sqlite:///yett.db", tmp_path)
    with sqlite3.connect(tmp_path / "yett.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="its form 9999 is of a newer Yett"):
        open_database("sqlite:///yett.db", tmp_path)


@pytest.mark.parametrize(
    "url", ["sqlite:///no/such/folder/yett.db", "mysql://a/b", "nothing at all", "postgresql://u@h:abc/db"]
)
def test_what_cannot_be_opened_says_so(tmp_path, url):
    with pytest.raises(StoreError, match=r"^store: "):
        open_database(url, tmp_path)


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "yett.db").write_text("a letter to the editor, longer than the head of a database " * 20)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database("sqlite:///yett.db", tmp_path)


def test_a_database_that_nobody_answers_for(tmp_path):
    with pytest.raises(StoreError, match=r"store: cannot be opened|psycopg"):
        open_database("postgresql://127.0.0.1:1/yett?connect_timeout=2", tmp_path)


FIRST = """
import pathlib, sys, time
from alembic import command
from yett.store.database import open_database
print(flush=True)
sys.stdin.readline()
open_database("sqlite:///yett.db", pathlib.Path(sys.argv[1]))
"""


def test_processes_that_open_it_first_do_not_hinder_each_other(tmp_path):
    command = [sys.executable, "-c", FIRST, tmp_path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    opening = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for each in opening:
        each.stdout.readline()
    for each in opening:
        each.stdin.write("\n")
        each.stdin.flush()
    ended = [each.communicate(timeout=60) for each in opening]
    assert [each.returncode for each in opening] == [0] * len(opening), ended[0][1]


def test_a_migration_that_is_cut_short_leaves_nothing(tmp_path, monkeypatch):
    def cut(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(op, "bulk_insert", cut)
        with pytest.raises(StoreError, match="the disk is full"):
            open_database("sqlite:///yett.db", tmp_path)
    open_database("sqlite:///yett.db", tmp_path)


def test_a_server_that_does_not_answer_is_waited_for_briefly(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(StoreError, match="cannot be opened"):
            open_database(f"postgresql://127.0.0.1:{server.getsockname()[1]}/yett", tmp_path)
    assert time.monotonic() - began < 30
