"""What check tells about a plan that is sound: what is closed, weakened or open. Nothing is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from yett.openapi import Operation
from yett.policy.compile_api import ApiCompiler
from yett.policy.findings import Finding
from yett.policy.names import listed
from yett.policy.operations import grouped
from yett.policy.read import PlanFile


def tell(file: PlanFile, compilers: Iterable[ApiCompiler]) -> Iterator[Finding]:
    """Every finding: of the gateway, then of each API."""
    if file.plan.gateway.danger_plaintext:
        place = file.place("gateway", "danger_plaintext", key=True)
        yield Finding(
            "danger", place, "requests and credentials cross the network in the clear unless TLS ends before Yett"
        )
    if file.plan.danger_state_per_process:
        place = file.place("danger_state_per_process", key=True)
        yield Finding(
            "danger", place, "every process around an app counts alone: each limit holds once for each of them"
        )
    if not file.plan.evidence:
        yield Finding("note", file.place(), "no `evidence`: refusals leave no trace")
    for compiler in compilers:
        yield from _source(file, compiler)
        yield from _closed(compiler)
        yield from _description(compiler)
        yield from _weakened(compiler)
        yield from _open(compiler)


def _source(file: PlanFile, compiler: ApiCompiler) -> Iterator[Finding]:
    source = compiler.api.source
    if source is not None:
        now = sha256((file.folder / compiler.api.openapi).read_bytes()).hexdigest()
        if now != source.sha256:
            place = compiler.place("source", "sha256")
            text = f"{compiler.api.openapi} is not what was fetched: its SHA-256 is {now}; `yett update` records it"
            yield Finding("warning", place, text)


def _several(operations: list[Operation]) -> str:
    names = listed(operation.id for operation in operations)
    return f"operation {names}" if len(operations) == 1 else f"{len(operations)} operations ({names})"


def _closed(compiler: ApiCompiler) -> Iterator[Finding]:
    for reason, operations in grouped(compiler.closed).items():
        verb = "is" if len(operations) == 1 else "are"
        yield Finding("warning", operations[0].place, f"{_several(operations)} {verb} closed: {reason}")


def _description(compiler: ApiCompiler) -> Iterator[Finding]:
    for problem in compiler.description.warnings:
        yield Finding("warning", problem.place, f"found {problem.found}, expected {problem.expected}")
    notes = ((note, operation) for operation in compiler.description.operations for note in operation.notes)
    for note, operations in grouped(notes).items():
        yield Finding("note", operations[0].place, f"{_several(operations)}: {note}")
    if places := compiler.description.open_places:
        where = "its additionalProperties" if len(places) == 1 else f"additionalProperties of {len(places)} schemas"
        names = listed(dict.fromkeys(place.pointer for place in places))
        yield Finding("note", places[0], f"undeclared fields pass by {where}: {names}")


def _weakened(compiler: ApiCompiler) -> Iterator[Finding]:
    for number, name in enumerate(compiler.api.danger_keep_headers):
        place = compiler.place("danger_keep_headers", number)
        yield Finding("danger", place, f"{name} is left to the upstream")


def _open(compiler: ApiCompiler) -> Iterator[Finding]:
    api, name = compiler.api, compiler.name
    if not api.limit:
        yield Finding("note", compiler.place("limit"), f"{name}: no limit holds")
    for by in ("address", "subject"):
        if api.limit and all(limit.by != by for limit in api.limit):
            yield Finding("note", compiler.place("limit"), f"{name}: no limit by {by}")
    if compiler.mode == "report":
        yield Finding("note", compiler.place("mode"), f"{name}: guards report and do not refuse")
    if compiler.unlisted == "report":
        passed = "passes by `security.default`" if api.security.default else "is refused for want of `security.default`"
        yield Finding(
            "note", compiler.place("unlisted"), f"{name}: what no operation describes is reported and {passed}"
        )
    if api.contract.undeclared_errors == "pass":
        place = compiler.place("contract", "undeclared_errors")
        yield Finding("note", place, f"{name}: bodies of undeclared errors pass as the upstream wrote them")
    if "*" in api.cors.origins:
        yield Finding("note", compiler.place("cors", "origins"), f"{name}: scripts of every origin may read answers")
    if compiler.public:
        yield Finding("note", compiler.place(key=True), f"{name}: strangers may call {_several(compiler.public)}")
