"""The verb `update`: fetches descriptions again, shows what changed, records the hash. Nothing else changes."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yett.cli.fetch import fetch, spread
from yett.cli.terminal import DEFAULT_PLAN, FALLS_SHORT, CannotRun, PlanOption, restored_on_failure, wrong

if TYPE_CHECKING:
    from yett.policy.read import PlanFile

MOST_LINES = 400
_COLOURS = {"+": "green", "-": "red", "~": "yellow"}
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
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
    names = [name for name, api in file.plan.apis.items() if api.source]
    if not names:
        raise CannotRun(f"{plan}: no API has a `source`; `yett init URL` writes one")
    taken = [_update(file, name, yes, dry_run) for name in names]
    raise typer.Exit(0 if all(taken) else FALLS_SHORT)


def _update(file: PlanFile, name: str, yes: bool, dry_run: bool) -> bool:
    """Whether the description and its hash are now what the source serves, or need not be."""
    api = file.plan.apis[name]
    if api.source is None:
        return True
    path, source = file.folder / api.openapi, api.source
    fetched = fetch(source.url).text
    digest = hashlib.sha256(fetched).hexdigest()
    there = path.read_bytes() if path.exists() else b""
    if there == fetched and digest == source.sha256:
        typer.echo(f"{name}: {path} is what {source.url} serves")
        return True
    if there not in (b"", fetched) and hashlib.sha256(there).hexdigest() != source.sha256:
        typer.echo(f"{name}: {path} was changed since it was fetched: what is written below replaces those changes")
    show(there, fetched, path, source.url)
    if dry_run:
        return True
    if not yes and not _agreed(f"{name}: write {path} and its hash?"):
        typer.echo(f"{name}: nothing was written")
        return False
    recorded = _recorded(file, name, source.sha256, digest)
    with restored_on_failure(file.path, path):
        file.path.write_bytes(recorded.encode())
        path.write_bytes(fetched)
    typer.echo(f"{name}: wrote {path}, SHA-256 {digest}")
    return True


def _agreed(question: str) -> bool:
    """Raises `CannotRun` where nobody can be asked."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        raise CannotRun("\nnobody answered, and nothing was written: `--yes` writes without asking") from None


def show(there: bytes, fetched: bytes, path: Path, url: str) -> None:
    """Print which operations come and go, then the lines that changed."""
    before, after = _operations(there), _operations(fetched)
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    for sign, what, names in (
        ("+", "new", after.keys() - before.keys()),
        ("-", "removed", before.keys() - after.keys()),
        ("~", "changed", changed),
    ):
        for name in sorted(names):
            typer.secho(f"{sign} {what} operation {name}", fg=_COLOURS[sign])
    lines = list(difflib.unified_diff(_lines(there), _lines(fetched), str(path), url, lineterm=""))
    for line in lines[:MOST_LINES]:
        typer.secho(line, fg=_COLOURS.get(line[:1]))
    if not lines:
        typer.echo(f"{path}: the same, written otherwise (one member a line)")
    if len(lines) > MOST_LINES:
        typer.echo(f"… and {len(lines) - MOST_LINES} more lines")


def _operations(text: bytes) -> dict[str, object]:
    """`GET /path` for every operation of a description, with what it says there, shared parameters included."""
    from yett.openapi.json_types import is_object
    from yett.openapi.load import Document
    from yett.openapi.problem import Problems

    root = Document("description", text, Problems()).root
    paths = root.get("paths") if is_object(root) else None
    if not is_object(paths):
        return {}
    return {
        f"{method.upper()} {path}": (said, item.get("parameters"))
        for path, item in paths.items()
        if is_object(item)
        for method, said in item.items()
        if method in _METHODS
    }


def _lines(text: bytes) -> list[str]:
    """One line for each member: JSON is often one long line."""
    return spread(text).decode("utf-8", "replace").splitlines()


def _recorded(file: PlanFile, name: str, before: str, after: str) -> str:
    """The plan as it is now, with the new hash below this API's `source`. Raises `CannotRun`."""
    lines = file.path.read_bytes().decode().split("\n")
    number = file.place("apis", name, "source", "sha256").line - 1
    if number >= len(lines) or before not in lines[number]:
        where = f"{file.path}:{number + 1}"
        raise CannotRun(f"{where}: found no {before[:12]}… to replace; write `sha256: {after}` below `source`")
    lines[number] = lines[number].replace(before, after, 1)
    return "\n".join(lines)
