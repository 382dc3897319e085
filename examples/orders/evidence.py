"""What the gateway's evidence says about one request; reads the file, and knows nothing of attacks."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 5.0
"""Seconds that a line may take to be written: it is written off the hot path."""


@dataclass
class Evidence:
    """The lines of an evidence file by trace id, read as they come."""

    path: Path
    read: int = 0

    def __post_init__(self) -> None:
        """Starts without a line."""
        self.lines: dict[str, dict[str, Any]] = {}

    def reason(self, trace: str) -> str | None:
        """The exact reason of the outcome, else why the reply was altered; `None` where no line came."""
        line = self.find(trace)
        if line is None:
            return None
        if line.get("reason"):
            return str(line["reason"])
        return ", ".join(sorted(_alterations(line)))

    def find(self, trace: str) -> dict[str, Any] | None:
        """The line of a request, or `None` where none comes in time."""
        deadline = time.monotonic() + PATIENCE
        while trace not in self.lines and time.monotonic() < deadline:
            if not self._take_new():
                time.sleep(0.02)
        return self.lines.get(trace)

    def _take_new(self) -> int:
        """Reads the whole lines that were added; says how many."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as file:
            file.seek(self.read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.read += len(whole) + len(newline)
        added = [json.loads(line) for line in whole.splitlines()]
        self.lines |= {str(line["trace_id"]): line for line in added}
        return len(added)


def _alterations(line: dict[str, Any]) -> set[str]:
    """The reasons of controls that let the request pass and took something away."""
    return {str(said["reason"]) for said in line["lines"] if said["said"] == "altered" and "reason" in said}
