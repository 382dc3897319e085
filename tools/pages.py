"""Writes docs/controls/ from the catalogue: `python -m tools.pages [--check]`. Prose stands above the mark and is kept.

Only what the catalogue says is written here; a page's own words are written by hand.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MARK = "<!-- From here on `make pages` writes, from the catalogue; write above this line. -->"
Control = dict[str, Any]


def controls(root: Path) -> list[Control]:
    """The catalogue's files, by name of the control."""
    files = sorted((root / "src/yett/catalogue").glob("*.toml"))
    return sorted((tomllib.loads(path.read_text("utf-8")) for path in files), key=lambda control: control["control"])


def reason(entry: Control) -> list[str]:
    """One reason: what it says, what a client sees, what to do, and the attacks that prove it."""
    kind = "fault" if entry["kind"] == "fault" else f"refusal, severity {entry['severity']}"
    lines = [
        f"### `{entry['id']}`",
        "",
        f"{entry['text']}. {entry['remedy']}.",
        "",
        f"Status {entry['status']}, for clients `{entry['public']}` · {kind} · "
        f"OWASP {entry['owasp']}, CWE-{entry['cwe']}, ASVS {entry['asvs']} · level {entry['level']}",
    ]
    cases = [f"* {case['name']}: {case['effect']}" for case in entry.get("case", []) if "effect" in case]
    return [*lines, *(["", "Attacks, and what they do without the check:", "", *cases] if cases else []), ""]


def generated(control: Control) -> str:
    """The part of a page below the mark."""
    lines = [MARK, "", "## Reasons", ""]
    for entry in control["reason"]:
        lines += reason(entry)
    return "\n".join(lines).rstrip() + "\n"


def page(control: Control, current: str | None) -> str:
    """The whole page: its own words, or for a new page the catalogue's summary, and what the catalogue says."""
    own = current.partition(MARK)[0].rstrip() if current else f"# {control['control']}\n\n{control['summary']}."
    return f"{own}\n\n{generated(control)}"


def index(known: list[Control]) -> str:
    """The list of all controls."""
    lines = ["# Controls", "", "| control | kind | what it is for | reasons |", "| --- | --- | --- | ---: |"]
    for control in known:
        name = control["control"]
        lines.append(f"| [{name}]({name}.md) | {control['kind']} | {control['summary']} | {len(control['reason'])} |")
    return "\n".join(lines) + "\n"


def wanted(root: Path) -> dict[Path, str]:
    """Every page as it should be."""
    known = controls(root)
    folder = root / "docs/controls"
    pages = {folder / f"{control['control']}.md": control for control in known}
    texts = {path: page(each, path.read_text("utf-8") if path.exists() else None) for path, each in pages.items()}
    return {**texts, folder / "README.md": index(known)}


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write what differs; with --check only name it and return 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is stale")
    check = parser.parse_args(arguments).check
    texts = wanted(root)
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(root)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[path], "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
