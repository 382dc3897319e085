"""The noun `certs`: what the listeners show and until when, and certificates for development. No judging here."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yett.cli.terminal import DEFAULT_PLAN, FALLS_SHORT, CannotRun, PlanOption, complain, wrong

if TYPE_CHECKING:
    from datetime import datetime

    from yett.policy.certificates import Material, Shown

app = typer.Typer(invoke_without_command=True, help="Show the certificates of listeners, make some to develop.")

SHORT_DAYS = 7
_FOLDER = "tls"
_LOCAL = ("localhost", "127.0.0.1", "::1")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document")]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="DNS names and addresses; default: localhost")
]


@app.callback()
def certs(context: typer.Context, plan: PlanOption = DEFAULT_PLAN, as_json: AsJson = False) -> None:
    """Show what the listeners show, and until when; exit 1 where one ends within 7 days.

    `yett certs dev` makes a local authority and a certificate.
    """
    if context.invoked_subcommand is None:
        _list(plan, as_json)
    context.obj = {name: context.params[name] for name in context.params if _is_given(context, name)}


@app.command("list")
def list_certificates(context: typer.Context, plan: PlanOption = DEFAULT_PLAN, as_json: AsJson = False) -> None:
    """Show each listener's certificates: names, key, issuer, end. Exit 1 where one is wrong, or ends within 7 days."""
    _list(_plan(context, plan), as_json or "as_json" in context.obj)


def _is_given(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name != "DEFAULT"


def _plan(context: typer.Context, plan: Path) -> Path:
    """The plan that stands behind the verb, else the one before it."""
    return plan if _is_given(context, "plan") else context.obj.get("plan", plan)


def _list(plan: Path, as_json: bool) -> None:
    from yett.openapi.problem import Problems
    from yett.policy import certificates
    from yett.policy.findings import PlanError
    from yett.policy.read import read_plan

    now, problems = certificates.now(), Problems()
    try:
        file = read_plan(plan)
    except PlanError as error:
        raise CannotRun(wrong(error, plan)) from None
    found = certificates.material(file, problems, now)
    addresses = [listen.address for listen in file.plan.gateway.listen]
    rows = [_listener(address, one, now) for address, one in zip(addresses, found, strict=True)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        typer.echo("\n".join(line for row in rows for line in _lines(row)))
    for problem in sorted(set(problems)):
        complain(str(problem))
    short = [shown for one in found if one for shown in one.shown if shown.days(now) < SHORT_DAYS]
    if short or problems.errors:
        raise typer.Exit(FALLS_SHORT)


@app.command()
def dev(context: typer.Context, names: Names = None, plan: PlanOption = DEFAULT_PLAN) -> None:
    """Make a local authority and a certificate of it in `tls/` beside the plan. For development alone.

    The authority is made once; its certificates are good for 90 days.
    """
    from yett.policy.dev_authority import DevAuthority

    plan = _plan(context, plan)
    wanted = names or [*_LOCAL]
    folder = plan.parent / _FOLDER
    try:
        authority = DevAuthority.in_folder(folder)
        chain, key = authority.issue(wanted)
    except (OSError, ValueError) as error:
        raise CannotRun(str(error)) from None
    _keep_out_of_git(folder)
    typer.echo(f"wrote {chain} and its key {key}, for {', '.join(wanted)}, good for 90 days\n\nIn {plan}:\n")
    typer.echo(_plan_lines(chain.name, key.name))
    typer.echo(f"\nA client that is told of the authority verifies it:\n\n  {_curl(folder, wanted[0], _path(plan))}")


def _listener(address: str, one: Material | None, now: datetime) -> dict[str, Any]:
    shown = one.shown if one else ()
    return {
        "listener": address,
        "profile": one.profile if one else None,
        "certificates": [_certificate(each, now) for each in shown],
    }


def _certificate(shown: Shown, now: datetime) -> dict[str, Any]:
    return {
        "names": list(shown.names),
        "key": shown.key,
        "issuer": shown.issuer,
        "begins": f"{shown.begins:%Y-%m-%dT%H:%M:%SZ}",
        "ends": f"{shown.ends:%Y-%m-%dT%H:%M:%SZ}",
        "days": shown.days(now),
        "file": str(shown.file),
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    if row["profile"] is None:
        yield f"{row['listener']}  plain text"
        return
    yield f"{row['listener']}  TLS, profile {row['profile']}"
    for each in row["certificates"]:
        names = ", ".join(each["names"]) or "no name"
        until = f"until {each['ends']} ({each['days']} days)"
        yield f"  {names}  {each['key']}  by {each['issuer']}  {until}  {each['file']}"


def _keep_out_of_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# Keys are in no repository.\n*\n", "utf-8")


def _plan_lines(chain: str, key: str) -> str:
    pair = f"{{chain: {_FOLDER}/{chain}, key: {{file: {_FOLDER}/{key}}}}}"
    return f"gateway:\n  listen:\n    - {{address: 127.0.0.1:8443, tls: {{certificates: [{pair}]}}}}"


def _path(plan: Path) -> str:
    """The path of an operation that reads, where the plan compiles."""
    from yett.policy.compile import compile_plan
    from yett.policy.findings import PlanError
    from yett.policy.usage import reading_path

    try:
        return reading_path(compile_plan(plan))
    except (PlanError, OSError):
        return "/"


def _curl(folder: Path, name: str, path: str) -> str:
    host = f"[{name}]" if ":" in name else name.replace("*", "any")
    local = "" if name in _LOCAL else f" --resolve {shlex.quote(f'{host}:8443:127.0.0.1')}"
    return f"curl --cacert {shlex.quote(str(folder / 'ca.pem'))}{local} {shlex.quote(f'https://{host}:8443{path}')}"
