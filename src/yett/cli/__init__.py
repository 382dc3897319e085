"""The command line: finds the verb's file, imports it alone, gives the exit code. No verb's work here.

Exit codes: 0 holds, 1 falls short, 2 cannot run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from yett.cli.terminal import CANNOT_RUN, CannotRun, complain

VERBS = ("init", "update", "check", "serve", "prove", "replay", "schema", "keys", "certs", "demo")


def application(verbs: Sequence[str]) -> typer.Typer:
    """The command line with these verbs: `NAME` is the function, or the `app`, of `yett.cli.NAME`."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(yett)
    for verb in verbs:
        module = import_module(f"yett.cli.{verb}")
        nouns = getattr(module, "app", None)
        if isinstance(nouns, typer.Typer):
            app.add_typer(nouns, name=verb)
        else:
            app.command(verb)(getattr(module, verb))
    return app


def wanted(arguments: Sequence[str]) -> list[str]:
    """The verb that is asked for, alone, so that it starts fast; otherwise all that there are."""
    if arguments and arguments[0] in VERBS and find_spec(f"yett.cli.{arguments[0]}"):
        return [arguments[0]]
    return [verb for verb in VERBS if find_spec(f"yett.cli.{verb}")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"yett {version_of('yett')}")
        raise typer.Exit


_Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which Yett this is")]


def yett(context: typer.Context, version: _Version = False) -> None:
    """One security plan for an HTTP API: enforced at line speed, proven by attack."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        if not Path("yett.yaml").exists():
            complain("there is no yett.yaml here; `yett init openapi.yaml --upstream http://127.0.0.1:9000` writes one")
        raise typer.Exit(CANNOT_RUN)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        application(wanted(given))(args=given, prog_name="yett")
    except CannotRun as problem:
        complain(str(problem))
        sys.exit(CANNOT_RUN)
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(CANNOT_RUN)
