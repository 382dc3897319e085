"""The catalogue's files: one TOML file a control. What a reason means stands in them, and nothing of it here."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def catalogue_hash() -> str:
    """SHA-256 over the files' bytes in the order of their names, as the engine was built with it (engine/build.rs)."""
    whole = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.toml"), key=lambda path: path.name):
        whole.update(path.read_bytes())
    return whole.hexdigest()
