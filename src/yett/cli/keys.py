"""The noun `keys`: API keys are added, listed, revoked. How they are kept stands in `store`."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yett.cli.terminal import DEFAULT_PLAN, FALLS_SHORT, CannotRun, PlanOption, complain, wrong

if TYPE_CHECKING:
    from yett.policy.read import PlanFile
    from yett.store.keys import ApiKey, Keys

app = typer.Typer(no_args_is_help=True, help="Add, list and revoke API keys.\n\nA change is in force within a second.")

Name = Annotated[str, typer.Argument(help="Whom the key stands for: the subject in evidence and limits")]
IdOrName = Annotated[str, typer.Argument(metavar="ID|NAME", help="One key by its id, or all keys of a name")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope that the key carries; may be repeated")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role that the key carries; may be repeated")]
Expires = Annotated[str | None, typer.Option(metavar="90d|DATE", help="When it ends; default: when it is revoked")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document")]


@app.command()
def add(
    name: Name,
    plan: PlanOption = DEFAULT_PLAN,
    scope: Scopes = None,
    role: Roles = None,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, print it once, and print a curl line that uses it."""
    now = int(time.time())
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,199}", name):
        raise CannotRun(f"found the name {name!r}, expected letters, digits and . _ @ : / + -, at most 200")
    until = _until(expires, now) if expires else None
    _make_sure_it_opens_something(plan)
    with _opened(plan) as (file, keys):
        key, text = keys.add(name, now, scope or [], role or [], until)
    if as_json:
        typer.echo(json.dumps({**_shown(key, now), "key": text}))
        return
    typer.echo(f"added {key.id} for {key.subject}{_carries(key)}. The key is shown this once:\n\n  {text}\n")
    typer.echo(_try(file, text))


@app.command("list")
def list_keys(plan: PlanOption = DEFAULT_PLAN, as_json: AsJson = False) -> None:
    """Show every key that was made, and whether it is in force."""
    now = int(time.time())
    with _opened(plan) as (_, keys):
        found = [_shown(key, now) for key in keys.all()]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        typer.echo("no keys; `yett keys add NAME` makes one")
        return
    columns = ("id", "subject", "state", "created", "expires", "scopes", "roles")
    rows = [[_cell(row[column]) for column in columns] for row in found]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in [columns, *rows]:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def revoke(name: IdOrName, plan: PlanOption = DEFAULT_PLAN) -> None:
    """End one key, or every key of a name."""
    with _opened(plan) as (_, keys):
        revoked = keys.revoke(name, int(time.time()))
    if not revoked:
        complain(f"found no key in force with the id or name {name!r}; `yett keys list` shows them")
        raise typer.Exit(FALLS_SHORT)
    for key in revoked:
        typer.echo(f"revoked {key.id} of {key.subject}")


@contextmanager
def _opened(plan: Path) -> Generator[tuple[PlanFile, Keys]]:
    """The plan and its keys; what goes wrong with the store within is told as what cannot run."""
    from sqlalchemy.exc import SQLAlchemyError

    from yett.policy.findings import PlanError
    from yett.policy.read import read_plan
    from yett.store.error import StoreError
    from yett.store.keys import Keys

    try:
        file = read_plan(plan)
        yield file, Keys.of(file)
    except PlanError as error:
        raise CannotRun(wrong(error, plan)) from None
    except StoreError as error:
        raise CannotRun(str(error)) from None
    except SQLAlchemyError as error:
        raise CannotRun(f"the store of {plan} cannot be used: {str(error).splitlines()[0]}") from None


def _until(expires: str, now: int) -> int:
    """Unix seconds of a duration from now, or of the start of a day in UTC."""
    from pydantic_core import PydanticCustomError

    from yett.policy.values import duration

    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", expires):
            day = date.fromisoformat(expires)
            until = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        else:
            until = now + duration(expires) // 1000
    except (ValueError, PydanticCustomError):
        raise CannotRun(
            f"found --expires {expires!r}, expected a duration such as 90d, or a day such as 2030-01-31"
        ) from None
    if until <= now:
        raise CannotRun(f"found --expires {expires!r}, which is past, expected a day to come")
    return until


def _shown(key: ApiKey, now: int) -> dict[str, Any]:
    def at(seconds: int | None) -> str | None:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds is not None else None

    return {
        "id": key.id,
        "subject": key.subject,
        "state": key.state(now),
        "created": at(key.created),
        "expires": at(key.expires),
        "revoked": at(key.revoked),
        "scopes": list(key.scopes),
        "roles": list(key.roles),
    }


def _cell(value: list[str] | str | None) -> str:
    return " ".join(value) if isinstance(value, list) else value or "-"


def _carries(key: ApiKey) -> str:
    carried = [f"scope {scope}" for scope in key.scopes] + [f"role {role}" for role in key.roles]
    return f" with {', '.join(carried)}" if carried else ""


def _make_sure_it_opens_something(plan: Path) -> None:
    """Ends with code 1 before a key is made that opens nothing; a plan that does not compile is told of later."""
    from yett.policy.compile import compile_plan
    from yett.policy.findings import PlanError
    from yett.policy.usage import takes_keys

    try:
        if takes_keys(compile_plan(plan)):
            return
    except PlanError:
        return
    complain(f"no key was made: no operation in {plan} takes an API key, `credentials` names none")
    raise typer.Exit(FALLS_SHORT)


def _try(file: PlanFile, text: str) -> str:
    """A curl line that uses the key, where an operation that reads takes one."""
    from yett.policy.compile import compile_plan
    from yett.policy.findings import PlanError
    from yett.policy.usage import key_usage

    try:
        usage = key_usage(compile_plan(file.path))
    except PlanError:
        return f"`yett check` says what is wrong with {file.path}; until then the gateway does not take it."
    if usage is None:
        return f"No operation in {file.path} that reads takes an API key alone."
    header, url, exact = usage
    authority = file.folder / "tls" / "ca.pem"
    trusted = f" --cacert {shlex.quote(str(authority))}" if url.startswith("https:") and authority.exists() else ""
    said = "Try it:" if exact else "Try it, with values in place of {…}:"
    return f"{said}\n\n  curl -i{trusted} -H {shlex.quote(f'{header}: {text}')} {shlex.quote(url)}"
