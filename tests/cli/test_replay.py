"""`yett replay`: exit codes and what is printed; what is decided is tested beside the evidence."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from yett.cli import application

LINE = (
    '{"time":"2026-01-01T00:00:00Z","plan":"%s","trace_id":"%s","decision":"refused","client":"127.0.0.1",'
    '"reason":"admit.host.missing","lines":[]}\n'
)
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def replay(tmp_path):
    def run(text, *arguments):
        (tmp_path / "evidence.jsonl").write_text(text)
        return CliRunner().invoke(
            application(["replay", "schema"]), ["replay", str(tmp_path / "evidence.jsonl"), *arguments]
        )

    return run


def test_a_plan_that_is_not_there(replay, tmp_path):
    done = replay(LINE % ("0" * 64, TRACE), "--plans", str(tmp_path))
    assert done.exit_code == 0
    assert done.stdout == (
        f"{TRACE}  admit.host.missing  taken as recorded: everything: plan 000000000000: "
        f"{tmp_path}/{'0' * 64}.json cannot be read: No such file or directory\n1 taken as recorded\n"
    )


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", (), "holds no outcome"),
        (LINE % ("0" * 64, TRACE), ("--trace", "1" * 32), "holds no outcome of trace 1111"),
        ("{}x\n", (), "evidence.jsonl:1: found no line of evidence"),
    ],
)
def test_what_cannot_be_replayed(replay, text, arguments, said):
    done = replay(text, *arguments)
    assert done.exit_code != 0
    assert said in str(done.exception)


def test_a_reader_that_has_enough(tmp_path):
    (tmp_path / "evidence.jsonl").write_text(LINE % ("0" * 64, TRACE) * 3000)
    command = [sys.executable, "-m", "yett.cli", "replay", str(tmp_path / "evidence.jsonl"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b""
