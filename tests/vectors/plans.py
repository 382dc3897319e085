"""The plans of the vectors: compiled from plans/NAME/yett.yaml, committed as plan.json, and handed to every place.

The catalogue's hash is left out of what is committed, so that a reason may be added without touching every plan. One
member a line, so that a change of the compiler shows as what it is. `python -m tests.vectors.plans` writes them anew.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yett.catalogue import catalogue_hash
from yett.policy.check import accept
from yett.policy.compile import compile_plan

FOLDER = Path(__file__).parent / "plans"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/yett.yaml"))


def committed(name: str) -> Path:
    """Where the compiled plan stands."""
    return FOLDER / name / "plan.json"


def compiled(name: str) -> str:
    """What the plan compiles to now, as it is committed; raises `PlanError`."""
    exact = compile_plan(FOLDER / name / "yett.yaml").plan
    document = json.loads(exact)
    assert json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() == exact
    document["catalogue"] = ""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def plan(name: str, change: Callable[[dict[str, Any]], None] = lambda document: None) -> bytes:
    """The committed plan for an engine of this catalogue, with what a place must change (ports, sinks)."""
    document = json.loads(committed(name).read_text("utf-8"))
    document["catalogue"] = catalogue_hash()
    change(document)
    return json.dumps(document, ensure_ascii=False).encode()


def main() -> None:
    """Writes every plan that has changed."""
    for name in NAMES:
        accept(FOLDER / name / "yett.yaml")
        text = compiled(name)
        if not committed(name).exists() or committed(name).read_text("utf-8") != text:
            committed(name).write_text(text, "utf-8")
            print(f"plans/{name}/plan.json")


if __name__ == "__main__":
    main()
