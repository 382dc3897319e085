"""The catalogue's files: one TOML file a control. What a reason means stands in them, and nothing of it here."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
COMPILED = ("id", "control", "kind", "public", "status", "text", "level")


@cache
def catalogue_hash() -> str:
    """SHA-256 of what the engine has compiled in of each reason (engine/build.rs); cases are not, and may change."""
    reasons = [
        {**reason, "control": control["control"]}
        for control in (tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml"))
        for reason in control["reason"]
    ]
    lines = ["\t".join(str(reason[field]) for field in COMPILED) + "\n" for reason in reasons]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
