"""Reads lines of evidence by trace id: the exact reason, which no client is told, and what guards said."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yett.prove.play import Outcome

_PATIENCE = 10.0
_PAUSE = 0.02


class Lines:
    """An evidence file that grows; a line is found once it is written."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        """The file need not be there yet; `from_end`: only what is written from now on."""
        self.path = path
        self._read = path.stat().st_size if from_end and path.exists() else 0
        self._inside = self._read > 0 and not _ends_a_line(path, self._read)
        self._rest = b""
        self._known: dict[str, dict[str, Any]] = {}

    def wait_for(self, trace_ids: Iterable[str], seconds: float = _PATIENCE) -> None:
        """Return when a line of each trace is there, or after so many seconds."""
        wanted, end = set(trace_ids), time.monotonic() + seconds
        while True:
            self._take()
            if wanted <= self._known.keys() or time.monotonic() > end:
                return
            time.sleep(_PAUSE)

    def outcome(self, trace_id: str | None) -> Outcome:
        """What evidence says of a trace; `unknown` where it says nothing."""
        line = self._known.get(trace_id or "")
        if line is None:
            return Outcome("unknown", None)
        said = [(each["said"], each["reason"]) for each in line["lines"] if "reason" in each]
        verdict = "released" if line["decision"] == "permitted" else "refused"
        return Outcome(
            verdict,
            line.get("reason"),
            tuple(reason for each, reason in said if each == "would_refuse"),
            tuple(reason for each, reason in said if each == "altered"),
        )

    def plan(self, trace_id: str) -> str | None:
        """The hash of the plan that judged a trace; none where evidence says nothing of it."""
        line = self._known.get(trace_id)
        return None if line is None else line["plan"]

    def _take(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            octets = file.read()
        self._read += len(octets)
        *whole, self._rest = (self._rest + octets).split(b"\n")
        if self._inside and whole:
            self._inside = False
            del whole[0]  # the end of a line whose start was not read
        for line in whole:
            document = json.loads(line)
            if "trace_id" in document:
                self._known[document["trace_id"]] = document


def _ends_a_line(path: Path, at: int) -> bool:
    with path.open("rb") as file:
        file.seek(at - 1)
        return file.read(1) == b"\n"
