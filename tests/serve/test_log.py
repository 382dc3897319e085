"""The parent's log has the form of the child's: one line, as text or JSON, of at least one level."""

import io
import json

import pytest

from yett.serve.log import Log


@pytest.mark.parametrize(("level", "said"), [("error", 1), ("warning", 2), ("info", 3)])
def test_levels(level, said):
    stream = io.StringIO()
    log = Log(level, "text", stream)
    log.error("a")
    log.warning("b")
    log.info("c")
    assert len(stream.getvalue().splitlines()) == said


def test_text():
    stream = io.StringIO()
    Log("info", "text", stream).info("plan reloaded", plan="ab12", why='two words and "quotes"\nand a line')
    time, _, rest = stream.getvalue().partition(" ")
    assert time.endswith("Z")
    assert rest == 'INFO    plan reloaded plan=ab12 why="two words and \\"quotes\\"\\nand a line"\n'


def test_json():
    stream = io.StringIO()
    Log("info", "json", stream).warning("refused", plan="ab12", count=3)
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "message": "refused", "plan": "ab12", "count": "3"}


def test_a_stream_that_takes_nothing_ends_nothing():
    stream = io.StringIO()
    stream.close()
    Log("info", "text", stream).error("nobody reads this")
