"""Sees when files have changed and are whole again: content stable for a while. What is in them is not known here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

STABLE_SECONDS = 0.2
Mark = tuple[int, int, int] | None


class Watch:
    """Watches files by polling: editors replace files and mounts swap links, so descriptors would go stale."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Remember the files as they are."""
        self._marks: dict[Path, Mark] = {}
        self._changed_at: float | None = None
        self.follow(files)

    def follow(self, files: Iterable[Path], since: int | None = None) -> None:
        """Watch these files from now on; those that were watched before keep what was seen of them.

        `since`: when they began to be read, in nanoseconds since 1970. What is new here and was written after that
        counts as changed.
        """
        self._marks = {path: self._marks[path] if path in self._marks else _mark(path, since) for path in files}

    def poll(self, now: float) -> bool:
        """Whether files have changed since they were last reported, and have not changed for `STABLE_SECONDS`."""
        marks = {path: _mark(path) for path in self._marks}
        if marks != self._marks:
            self._marks = marks
            self._changed_at = now
            return False
        if self._changed_at is None or now - self._changed_at < STABLE_SECONDS:
            return False
        self._changed_at = None
        return True


def _mark(path: Path, since: int | None = None) -> Mark:
    try:
        found = os.stat(path)
    except OSError:
        return None
    if since is not None and max(found.st_mtime_ns, found.st_ctime_ns) >= since:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
