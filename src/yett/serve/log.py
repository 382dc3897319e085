"""The parent's own log on standard error, as the child's (gateway/src/log.rs). Never a request; that is evidence."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from yett.policy.compile import Compiled
    from yett.policy.findings import Finding

LEVELS = ("error", "warning", "info", "debug")


class Log:
    """Writes lines of at least one level, as text or JSON."""

    def __init__(self, level: str = "info", format: str = "text", stream: TextIO | None = None) -> None:
        """`format` is text or json; the stream is standard error."""
        self._least, self._json = LEVELS.index(level), format == "json"
        self._stream = stream

    def write(self, level: str, message: str, **fields: object) -> None:
        """One line; none where the stream takes none."""
        if LEVELS.index(level) > self._least:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stream = self._stream or sys.stderr
        if self._json:
            told = {name: str(value) for name, value in fields.items()}
            line = json.dumps({"time": time, "level": level, "message": message, **told}, ensure_ascii=False)
        else:
            said = "".join(f" {name}={_quoted(str(value))}" for name, value in fields.items())
            line = f"{time} {level.upper():<7} {message}{said}"
        with suppress(OSError, ValueError):  # nobody reads it any more, or its disk is full: what it tells of goes on
            stream.write(line + "\n")
            stream.flush()

    def error(self, message: str, **fields: object) -> None:
        """Something does not work."""
        self.write("error", message, **fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something was refused, or is about to not work."""
        self.write("warning", message, **fields)

    def info(self, message: str, **fields: object) -> None:
        """What operators want to know."""
        self.write("info", message, **fields)

    def findings(self, findings: Iterable[Finding]) -> None:
        """What a check found, but for its notes."""
        for finding in findings:
            if finding.kind != "note":
                self.warning(str(finding))

    def serves(self, what: str, listening: Iterable[str], compiled: Compiled) -> None:
        """A child serves a plan: where it listens, and where evidence goes."""
        sinks = ["stdout" if sink.file == "-" else sink.file for sink in compiled.source.plan.evidence]
        self.info(what, listen=",".join(listening), evidence=",".join(sinks) or "nowhere", plan=compiled.hash)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if not value or re.search(r'[\s"=]', value) else value
