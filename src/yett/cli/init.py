"""The verb `init`: from a description to a plan that guards it. What stands in the plan is written by `proposal`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from yett.cli.fetch import Fetched, fetch, is_url, spread
from yett.cli.terminal import DEFAULT_PLAN, CannotRun, PlanOption, restored_on_failure, wrong

if TYPE_CHECKING:
    from yett.cli.proposal import Proposal
    from yett.policy.findings import Finding

_ADDRESS = re.compile(r"(localhost|[A-Za-z0-9.-]+:[0-9]+|\[[0-9a-f:]+\](:[0-9]+)?)(/.*)?")

Source = Annotated[str, typer.Argument(metavar="OPENAPI", help="A description, or the URL of one or of a running app")]
Upstream = Annotated[str | None, typer.Option(metavar="URL", help="The API itself; default: the app that was asked")]
Name = Annotated[str | None, typer.Option(help="The API's name in the plan; default: from its title")]
Listen = Annotated[str, typer.Option(metavar="ADDRESS", help="Where clients connect")]
Issuer = Annotated[str | None, typer.Option(metavar="ISS", help="Whose tokens are believed, if there is an issuer")]
Audience = Annotated[str | None, typer.Option(help="For whom tokens are meant; default: the API's name")]
Jwks = Annotated[str | None, typer.Option(metavar="FILE|URL", help="The issuer's key set")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there")]


def init(
    source: Source,
    upstream: Upstream = None,
    plan: PlanOption = DEFAULT_PLAN,
    name: Name = None,
    listen: Listen = "127.0.0.1:8080",
    issuer: Issuer = None,
    audience: Audience = None,
    jwks: Jwks = None,
    force: Force = False,
) -> None:
    """Write a plan for an API, with safe defaults."""
    from yett.cli.proposal import Proposal
    from yett.openapi import DescriptionError, read
    from yett.policy.check import accept
    from yett.policy.findings import PlanError

    if plan.exists() and not force:
        raise CannotRun(f"{plan} is there already; `--force` overwrites it")
    if (issuer is None) != (jwks is None):
        raise CannotRun("`--issuer` and `--jwks` belong together: whose tokens are believed, and by which keys")
    fetched = fetch(source) if is_url(source) else None
    path = _place(fetched, plan, force) if fetched else _beside(Path(source), plan)
    with restored_on_failure(plan, *([path] if fetched else [])):
        if fetched:
            path.write_bytes(fetched.text)
        try:
            description = read(path)
        except DescriptionError as error:
            mend = f"{path}: mend the description, then run `yett init` again"
            raise CannotRun(f"{error}\n{mend}; nothing was written") from None
        proposal = Proposal(
            description=description,
            openapi=path.relative_to(plan.parent).as_posix(),
            upstream=upstream or _origin(source, fetched),
            listen=listen,
            name=name,
            source=(fetched.url, hashlib.sha256(fetched.text).hexdigest()) if fetched else None,
            issuer=(issuer, audience, jwks) if issuer and jwks else None,
        )
        plan.write_text(proposal.text(), "utf-8")
        try:
            findings = accept(plan).findings
        except PlanError as error:
            raise CannotRun(f"{wrong(error, plan)}; nothing was written") from None
    _say(plan, proposal, findings)


def _place(fetched: Fetched, plan: Path, force: bool) -> Path:
    path = plan.parent / ("openapi.json" if fetched.is_json else "openapi.yaml")
    if path.exists() and spread(path.read_bytes()) != fetched.text and not force:
        raise CannotRun(f"{path} is there already and differs from {fetched.url}; `--force` overwrites it")
    return path


def _beside(source: Path, plan: Path) -> Path:
    if not source.is_file():
        meant = f"; did you mean http://{source}?" if _ADDRESS.fullmatch(str(source)) else ""
        raise CannotRun(f"{source}: found no file, expected an OpenAPI description or the URL of a running app{meant}")
    if not source.resolve().is_relative_to(plan.parent.resolve()):
        raise CannotRun(f"{source} must stand beside or below {plan}: the plan names it by its relative path")
    return plan.parent / source.resolve().relative_to(plan.parent.resolve())


def _origin(source: str, fetched: Fetched | None) -> str:
    if fetched is None:
        raise CannotRun("where is the API? name it with `--upstream http://127.0.0.1:9000`")
    parts = urlsplit(source)
    if parts.scheme != "http":
        raise CannotRun("where is the API? TLS to upstreams is not built yet: `--upstream http://127.0.0.1:9000`")
    return f"http://{parts.netloc}"


def _say(plan: Path, proposal: Proposal, findings: Sequence[Finding]) -> None:
    typer.echo(f"wrote {plan}")
    for each in [*findings, *(f"note: {note}" for note in proposal.notes())]:
        typer.echo(str(each))
    option = "" if plan == DEFAULT_PLAN else f" --plan {plan}"
    typer.echo("\nnext:")
    typer.echo(f"  yett check{option}             # everything that is wrong or closed")
    if proposal.uses_keys:
        typer.echo(f"  yett keys add me{option}       # a key, and a curl line that uses it")
    typer.echo(f"  yett serve{option}             # the gateway")
