"""Lines of evidence as values; which members a line has stands in docs/evidence-format.md. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yett.openapi.json_types import is_object

_TEXTS = ("time", "plan", "trace_id", "decision", "client", "reason", "api", "operation", "method")
_TYPES: dict[str, type] = {**dict.fromkeys(_TEXTS, str), "proven": list}


class EvidenceError(Exception):
    """A file is no evidence; the text names the line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One outcome, as far as replay needs it."""

    number: int
    time: int
    plan: str
    trace_id: str
    decision: str
    client: str
    reason: str | None = None
    api: str | None = None
    operation: str | None = None
    method: str | None = None
    proven: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def read_lines(path: Path) -> Iterator[Line]:
    """Every outcome of a file, in order; lines that count what is missing are passed over. Raises `EvidenceError`."""
    with path.open("rb") as file:
        for number, octets in enumerate(file, 1):
            try:
                document = json.loads(octets)
                if not is_object(document):
                    raise TypeError("no object")
                if "trace_id" in document:
                    yield _line(number, document)
            except (ValueError, KeyError, TypeError) as error:
                raise EvidenceError(f"{path}:{number}: found no line of evidence ({error})") from None


def _line(number: int, document: dict[str, Any]) -> Line:
    for name, kind in _TYPES.items():
        if not isinstance(document.get(name, kind()), kind):
            raise TypeError(f"{name} of another type")
    moment = datetime.fromisoformat(document["time"]).astimezone(UTC)
    names = ("reason", "api", "operation", "method", "proven")
    return Line(
        number,
        int(moment.timestamp()),
        document["plan"],
        document["trace_id"],
        document["decision"],
        document["client"],
        **{name: document[name] for name in names if name in document},
    )
