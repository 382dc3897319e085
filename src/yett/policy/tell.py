"""What check tells about a plan that is sound: what is closed, weakened or open. Nothing is refused here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from ipaddress import ip_network

from yett.controls.api_key import DEFAULT_HEADER
from yett.openapi import Operation
from yett.openapi.problem import Place
from yett.policy.compile_api import ApiCompiler
from yett.policy.findings import Finding
from yett.policy.names import listed
from yett.policy.operations import grouped
from yett.policy.read import PlanFile
from yett.policy.secret import SecretError, read_secret
from yett.policy.shadow import shadowed

_NARROW = 7  # bits of the shortest prefix that is somebody's network: fc00::/7, 10.0.0.0/8
# FastAPI writes these into every description; what stands in them is told last.
_GENERATED = ("/components/schemas/HTTPValidationError/", "/components/schemas/ValidationError/")


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
    yield from _trusted(file)
    yield from _secrets(file)
    if not file.plan.evidence:
        yield Finding("note", file.place("evidence"), "no evidence is kept: refusals leave no trace")
    for compiler in compilers:
        yield from _source(file, compiler)
        yield from _closed(compiler)
        yield from _by_key(compiler)
        yield from _shadowed(compiler)
        yield from _description(compiler)
        yield from _weakened(compiler)
        yield from _open(compiler)


def _trusted(file: PlanFile) -> Iterator[Finding]:
    for number, network in enumerate(file.plan.gateway.trusted_proxies):
        if ip_network(network).prefixlen < _NARROW:
            place = file.place("gateway", "trusted_proxies", number)
            text = (
                f"{network} is nearly everybody: each of them can say who the client is, so no limit by address holds"
            )
            yield Finding("danger", place, text)


def _secrets(file: PlanFile) -> Iterator[Finding]:
    """Those that cannot be had here; where the gateway runs they may be."""
    store = file.plan.store
    for key, secret in (("secret_url", store.secret_url), ("pepper", store.pepper)):
        try:
            if secret is not None:
                read_secret(secret, file.folder)
        except SecretError as error:
            text = f"{error}; it is needed where `yett serve` and `yett keys` run"
            yield Finding("warning", file.place("store", key), text)


def _source(file: PlanFile, compiler: ApiCompiler) -> Iterator[Finding]:
    source = compiler.api.source
    if source is not None:
        now = sha256((file.folder / compiler.api.openapi).read_bytes()).hexdigest()
        if now != source.sha256:
            place = compiler.place("source", "sha256")
            text = (
                f"{compiler.api.openapi} is not what was fetched: its SHA-256 is {now}; `yett update` puts what the "
                "source serves in its place, `source.sha256` records a change of your own"
            )
            yield Finding("warning", place, text)


def _several(operations: list[Operation]) -> str:
    names = listed(operation.id for operation in operations)
    return f"operation {names}" if len(operations) == 1 else f"{len(operations)} operations ({names})"


def _closed(compiler: ApiCompiler) -> Iterator[Finding]:
    for reason, operations in grouped(compiler.closed).items():
        verb = "is" if len(operations) == 1 else "are"
        yield Finding("warning", operations[0].place, f"{_several(operations)} {verb} closed: {reason}")


def _by_key(compiler: ApiCompiler) -> Iterator[Finding]:
    """Where a key stands in the place of the API's own token, which the API then never sees."""
    for name, credential in compiler.api.credentials.items():
        scheme, key = compiler.description.schemes.get(name), credential.api_key
        if scheme is None or key is None or not scheme.takes_tokens:
            continue
        header = key.header or DEFAULT_HEADER
        asking = [each for each in compiler.description.operations if _asks_for(each, name)]
        if not asking or header.lower() == "authorization":
            continue
        ask = "asks" if len(asking) == 1 else "ask"
        text = (
            f"{_several(asking)} {ask} for a token by {name}, and callers show a Yett key in {header} instead: the API "
            "gets no Authorization, and where it asks for one itself it answers 401 to every valid key "
            "(`upstream_status` in evidence). `jwt` in place of `api_key`, or "
            "--issuer and --jwks of `yett init`, verifies its own tokens"
        )
        yield Finding("warning", compiler.place("credentials", name, "api_key", key=True), text)


def _asks_for(operation: Operation, name: str) -> bool:
    return any(name == scheme for all_of in operation.security or [] for scheme, _ in all_of)


def _shadowed(compiler: ApiCompiler) -> Iterator[Finding]:
    closed = {id(operation) for _, operation in compiler.closed}
    for later, earlier in shadowed(compiler.description.operations, compiler.asked):
        asks = "is closed" if id(earlier) in closed else "asks for other credentials, roles or scopes"
        text = (
            f"{later.method} {later.path}: {earlier.method} {earlier.path} is declared before it and fits its paths "
            f"too; a server that takes the first one runs that, which {asks}"
        )
        yield Finding("warning", later.place, text)


def _description(compiler: ApiCompiler) -> Iterator[Finding]:
    for problem in compiler.description.warnings:
        yield Finding("warning", problem.place, f"found {problem.found}, expected {problem.expected}")
    notes = ((note, operation) for operation in compiler.description.operations for note in operation.notes)
    for note, operations in grouped(notes).items():
        yield Finding("note", operations[0].place, f"{_several(operations)}: {note}")
    if places := sorted(compiler.description.open_places, key=_is_generated):
        names = listed(dict.fromkeys(place.pointer for place in places))
        yield Finding("note", places[0], f"undeclared fields pass where a schema declares none or allows any: {names}")


def _is_generated(place: Place) -> bool:
    return place.pointer.startswith(_GENERATED)


def _weakened(compiler: ApiCompiler) -> Iterator[Finding]:
    for number, name in enumerate(compiler.api.danger_keep_headers):
        place = compiler.place("danger_keep_headers", number)
        yield Finding("danger", place, f"{name} is left to the upstream")
    for name, (value, default) in compiler.api.replaced_headers().items():
        place = compiler.place("headers", name, key=True)
        yield Finding("note", place, f"{name} is {value!r}, by default {default!r}")


def _open(compiler: ApiCompiler) -> Iterator[Finding]:
    api, name = compiler.api, compiler.name
    yield from _limits(compiler)
    yield from _reporting(compiler)
    if api.contract.undeclared_errors == "pass":
        place = compiler.place("contract", "undeclared_errors")
        yield Finding("note", place, f"{name}: bodies of undeclared errors pass as the upstream wrote them")
    if api.upstream.ejection is None and len(api.upstream.urls) > 1:
        yield Finding("note", compiler.place("upstream", "ejection"), f"{name}: a URL that fails stays in use")
    if "*" in api.cors.origins:
        yield Finding("note", compiler.place("cors", "origins"), f"{name}: scripts of every origin may read answers")
    if compiler.public:
        yield Finding("note", compiler.place(key=True), f"{name}: strangers may call {_several(compiler.public)}")


def _limits(compiler: ApiCompiler) -> Iterator[Finding]:
    api, name, place = compiler.api, compiler.name, compiler.place("limit")
    if not api.limit:
        yield Finding("note", place, f"{name}: no limit holds")
        return
    for by in ("address", "subject"):
        if all(limit.by != by for limit in api.limit):
            yield Finding("note", place, f"{name}: no limit by {by}")
    if compiler.uncounted and any(limit.by == "subject" for limit in api.limit):
        yield Finding("note", place, f"{name}: no limit by subject counts {_several(compiler.uncounted)}")


def _reporting(compiler: ApiCompiler) -> Iterator[Finding]:
    api, name = compiler.api, compiler.name
    if compiler.mode == "report":
        yield Finding("note", compiler.place("mode"), f"{name}: guards report and do not refuse")
    else:
        for messages in ("requests", "replies"):
            if getattr(api.contract, messages) == "report":
                text = f"{name}: {messages} that break the contract are reported and pass"
                yield Finding("note", compiler.place("contract", messages), text)
        for number, limit in enumerate(api.limit):
            if limit.mode == "report":
                text = f"{name}: the limit by {limit.by} reports and does not refuse"
                yield Finding("note", compiler.place("limit", number, "mode"), text)
    if compiler.unlisted == "report":
        passed = "passes by `security.default`" if api.security.default else "is refused for want of `security.default`"
        place = compiler.place("unlisted")
        yield Finding("note", place, f"{name}: what no operation describes is reported and {passed}")
