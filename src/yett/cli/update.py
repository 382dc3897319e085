"""The verb `update`: fetches descriptions again, shows what changed, records the hash. Nothing else changes."""

from __future__ import annotations

import difflib
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.fetch import fetch
from yett.cli.terminal import DEFAULT_PLAN, CannotRun, PlanOption, wrong

if TYPE_CHECKING:
    from yett.policy.api import Source

MOST_LINES = 400
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking")]
Show = Annotated[bool, typer.Option("--dry-run", help="Show what changed and write nothing")]


def update(plan: PlanOption = DEFAULT_PLAN, yes: Yes = False, dry_run: Show = False) -> None:
    """Fetch descriptions again, show what changed, record their hash."""
    from yett.policy.findings import PlanError
    from yett.policy.read import read_plan

    try:
        file = read_plan(plan)
    except PlanError as error:
        raise CannotRun(wrong(error, plan)) from None
    sources = {name: (file.folder / api.openapi, api.source) for name, api in file.plan.apis.items() if api.source}
    if not sources:
        raise CannotRun(f"{plan}: no API has a `source`; `yett init URL` writes one")
    for name, (path, source) in sources.items():
        _update(plan, name, path, source, yes, dry_run)


def _update(plan: Path, name: str, path: Path, source: Source, yes: bool, dry_run: bool) -> None:
    fetched = fetch(source.url)
    digest = hashlib.sha256(fetched.text).hexdigest()
    there = path.read_bytes() if path.exists() else b""
    if there == fetched.text and digest == source.sha256:
        typer.echo(f"{name}: {path} is what {source.url} serves")
        return
    _show(there, fetched.text, path, source.url)
    if dry_run:
        return
    if not yes and not typer.confirm(f"{name}: write {path} and its hash?"):
        raise typer.Exit(1)
    path.write_bytes(fetched.text)
    _record(plan, source.sha256, digest)
    typer.echo(f"{name}: wrote {path}, SHA-256 {digest}")


def _show(there: bytes, fetched: bytes, path: Path, url: str) -> None:
    before, after = (_lines(text) for text in (there, fetched))
    lines = list(difflib.unified_diff(before, after, str(path), url, lineterm=""))
    for line in lines[:MOST_LINES]:
        color = {"+": "green", "-": "red"}.get(line[:1])
        typer.secho(line, fg=color)
    if len(lines) > MOST_LINES:
        typer.echo(f"… and {len(lines) - MOST_LINES} more lines")


def _lines(text: bytes) -> list[str]:
    """One line for each member: JSON is often one long line."""
    import json

    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()
    except ValueError:
        return text.decode("utf-8", "replace").splitlines()


def _record(plan: Path, before: str, after: str) -> None:
    text = plan.read_text("utf-8")
    changed, count = re.subn(rf"\b{before}\b", after, text)
    if count == 0:
        raise CannotRun(f"{plan}: found no {before[:12]}… to replace; write `sha256: {after}` below `source`")
    plan.write_text(changed, "utf-8")
