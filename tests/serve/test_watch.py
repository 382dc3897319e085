"""Property: a change is reported once, when it is whole."""

import os

from yett.serve.watch import STABLE_SECONDS, Watch


def test_a_change_is_reported_once_it_is_stable(tmp_path):
    path = tmp_path / "a"
    path.write_text("1")
    watch = Watch([path])
    assert not watch.poll(0.0)
    path.write_text("12")
    assert not watch.poll(1.0)
    assert not watch.poll(1.0 + STABLE_SECONDS / 2)
    path.write_text("123")
    assert not watch.poll(1.0 + STABLE_SECONDS)
    assert not watch.poll(1.0 + STABLE_SECONDS * 1.9)
    assert watch.poll(1.0 + STABLE_SECONDS * 2.1)
    assert not watch.poll(9.0)


def test_a_file_that_is_replaced_by_one_as_long_and_as_old(tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_text("1")
    watch = Watch([path])
    other.write_text("2")
    stat = path.stat()
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)
    assert not watch.poll(0.0)
    assert watch.poll(1.0)


def test_files_that_come_and_go(tmp_path):
    path = tmp_path / "a"
    watch = Watch([path])
    path.write_text("1")
    assert [watch.poll(0.0), watch.poll(1.0)] == [False, True]
    path.unlink()
    assert [watch.poll(2.0), watch.poll(3.0)] == [False, True]


def test_what_is_followed_later_was_seen_when_it_was_followed(tmp_path):
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_text("1")
    other.write_text("1")
    watch = Watch([one])
    watch.follow([one, other])
    assert not watch.poll(0.0)
    other.write_text("12")
    assert [watch.poll(1.0), watch.poll(2.0)] == [False, True]


def test_what_changed_while_it_was_read_counts_as_changed(tmp_path):
    old, new = tmp_path / "a", tmp_path / "b"
    for path in (old, new):
        path.write_text("1")
    written = new.stat().st_ctime_ns
    watch = Watch([])
    watch.follow([old, new], written + 1)
    assert [watch.poll(0.0), watch.poll(1.0)] == [False, False]
    watch = Watch([old])
    watch.follow([old, new], written)
    assert [watch.poll(0.0), watch.poll(1.0)] == [False, True]
