"""Two APIs that answer for the same request, or one that hides operations of another: errors of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from yett.openapi.problem import Problems
from yett.policy.compile_api import ApiCompiler
from yett.policy.read import PlanFile


def check_overlaps(file: PlanFile, compilers: Sequence[ApiCompiler], problems: Problems) -> None:
    """Add a problem for each API that overlaps one before it, and for each operation that another API hides."""
    for number, later in enumerate(compilers):
        for earlier in compilers[:number]:
            if later.base == earlier.base and _share_a_host(later, earlier):
                expected = (
                    f"another `match` than {earlier.name!r}: the same hosts below {earlier.base or '/'} are its own"
                )
                problems.error(file.place("apis", later.name, key=True), f"{later.name!r}, which overlaps", expected)
    for outer, inner in permutations(compilers, 2):
        if inner.base.startswith(f"{outer.base}/") and _covers(inner, outer):
            _check_hidden(file, outer, inner, problems)


def check_headers(file: PlanFile, compilers: Sequence[ApiCompiler], problems: Problems) -> None:
    """Add a problem for each credential whose header some server reads as another one's: either locks the other out."""
    known: dict[str, tuple[str, str]] = {}
    for compiler in compilers:
        for name, header in compiler.key_headers().items():
            of = f"{name!r} of {compiler.name!r}"
            first, other = known.setdefault(header.replace("_", "-"), (header, of))
            if first != header:
                found = f"the header {header}, which some servers read as {first} of {other}"
                place = file.place("apis", compiler.name, "credentials", name, key=True)
                problems.error(place, found, "the same header for both, or another one")


def _check_hidden(file: PlanFile, outer: ApiCompiler, inner: ApiCompiler, problems: Problems) -> None:
    below = inner.base[len(outer.base) :]
    for operation in outer.description.operations:
        if operation.template == below or operation.template.startswith(f"{below}/"):
            found = (
                f"{operation.method} {operation.path} of {outer.name!r}, which {inner.name!r} below {inner.base} hides"
            )
            problems.error(operation.place, found, "operations that stand below one API alone")


def _share_a_host(one: ApiCompiler, other: ApiCompiler) -> bool:
    """Whether two APIs name the same host alike; `*` beside a named host is not: the named one wins."""
    hosts, others = one.api.match.host, other.api.match.host
    return any(host == known or _below(host, known) or _below(known, host) for host in hosts for known in others)


def _below(host: str, pattern: str) -> bool:
    return pattern.startswith("*.") and host != "*" and host.removeprefix("*").endswith(pattern[1:])


def _covers(inner: ApiCompiler, outer: ApiCompiler) -> bool:
    """Whether the inner API answers for every host of the outer one."""
    known = inner.api.match.host
    return "*" in known or all(
        host in known or any(_below(host, each) for each in known) for host in outer.api.match.host
    )
