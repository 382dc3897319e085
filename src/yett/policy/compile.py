"""Plan and descriptions → the one JSON document that the engine is handed, or all that is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yett.catalogue import catalogue_hash
from yett.openapi import Description, DescriptionError, read
from yett.openapi.problem import Place, Problem, Problems
from yett.policy import certificates
from yett.policy import read as reading
from yett.policy.certificates import Material
from yett.policy.compile_api import ApiCompiler
from yett.policy.findings import Finding, PlanError
from yett.policy.gateway import Gateway, sinks
from yett.policy.overlap import check_headers, check_overlaps
from yett.policy.read import PlanFile, read_plan
from yett.policy.rest import sound_rest
from yett.policy.tell import tell
from yett.policy.tls import settings

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled plan: `plan` is what the engine is handed, `hash` its SHA-256, `files` all that was read."""

    plan: bytes
    hash: str
    source: PlanFile
    descriptions: dict[str, Description]
    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    places: dict[str, Place] = field(repr=False)
    tls: tuple[Material | None, ...] = field(repr=False)

    def place(self, pointer: str) -> Place:
        """Where that stands in plan or description which became the part of the compiled document at a JSON pointer."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, self.source.place())


def compile_plan(path: Path) -> Compiled:
    """Read the plan at `path` with all that it names, and compile it.

    Raises `PlanError` with everything that is wrong with the plan and its descriptions.
    """
    try:
        file = read_plan(path)
    except PlanError as error:
        problems, tried = _rest(path)
        raise PlanError([*error.problems, *_description_problems(path), *problems.errors], tried) from None
    problems, tried = Problems(), list[Path]()
    places = {
        f"/gateway/listen/{at}": file.place("gateway", "listen", at) for at in range(len(file.plan.gateway.listen))
    }
    now = certificates.now()
    tls = certificates.material(file, problems, now)
    descriptions = _read_descriptions(file, problems, tried)
    compilers, apis = _apis(file, descriptions, places, problems)
    if problems.errors:
        raise PlanError(problems.errors, [*tried, *_files(file, descriptions, tls)])
    document = {"yett": FORMAT, "catalogue": catalogue_hash(), "gateway": _gateway(file), "apis": apis}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    compiled = Compiled(
        plan=text,
        hash=hashlib.sha256(text).hexdigest(),
        source=file,
        descriptions=descriptions,
        findings=(*tell(file, compilers), *certificates.lasting(tls), *certificates.ending(tls, now)),
        files=_files(file, descriptions, tls),
        places=places,
        tls=tuple(tls),
    )
    return compiled


def _apis(
    file: PlanFile, descriptions: dict[str, Description], places: dict[str, Place], problems: Problems
) -> tuple[list[ApiCompiler], list[dict[str, Any]]]:
    compilers = [
        ApiCompiler(file, name, descriptions[name], problems) for name in file.plan.apis if name in descriptions
    ]
    check_overlaps(file, compilers, problems)
    check_headers(file, compilers, problems)
    return compilers, [compiler.compile(f"/apis/{number}", places) for number, compiler in enumerate(compilers)]


def _read_descriptions(file: PlanFile, problems: Problems, tried: list[Path]) -> dict[str, Description]:
    found: dict[str, Description] = {}
    for name, api in file.plan.apis.items():
        path = file.folder / api.openapi
        tried.append(path.absolute())
        if not path.is_file():
            place = file.place("apis", name, "openapi")
            problems.error(
                place, f"no file {api.openapi}", "an OpenAPI description; `yett init` fetches one from a URL"
            )
            continue
        try:
            found[name] = read(path)
        except DescriptionError as error:
            problems.errors.extend(error.problems)
            tried.extend(error.files)
    return found


def _description_problems(path: Path) -> list[Problem]:
    """What is wrong with the descriptions of a plan that is itself wrong, as far as they can be found."""
    problems: list[Problem] = []
    for name in reading.named_descriptions(path):
        try:
            if (path.parent / name).is_file():
                read(path.parent / name)
        except DescriptionError as error:
            problems.extend(error.problems)
    return problems


def _rest(path: Path) -> tuple[Problems, list[Path]]:
    """What is wrong with parts of a plan that are sound in themselves, beside parts that are not; and their files."""
    found, file = sound_rest(path)
    problems, tried = Problems(found), list[Path]()
    if file is not None:
        tls = certificates.material(file, problems, certificates.now())
        descriptions = _read_descriptions(file, problems, tried)
        _apis(file, descriptions, {}, problems)
        tried.extend(_files(file, descriptions, tls))
    return problems, tried


def _files(file: PlanFile, descriptions: dict[str, Description], tls: Iterable[Material | None]) -> tuple[Path, ...]:
    """Everything that a change of would change the compiled plan, by the names in it: mounts swap links."""
    named = [file.path.absolute()]
    for description in descriptions.values():
        named.extend(description.files)
    for api in file.plan.apis.values():
        for credential in api.credentials.values():
            if credential.jwt is not None and credential.jwt.jwks.file is not None:
                named.append((file.folder / credential.jwt.jwks.file).absolute())
    named.extend(path for one in tls if one for path in one.files)
    return tuple(dict.fromkeys(named))


def _gateway(file: PlanFile) -> dict[str, Any]:
    gateway: Gateway = file.plan.gateway
    head, timeouts = gateway.head, gateway.timeouts
    return {
        "listen": [{"address": each.address, "tls": settings(each)} for each in gateway.listen],
        "admin": gateway.admin,
        "threads": gateway.threads,
        "trusted_proxies": gateway.trusted_proxies,
        "proxy_header": gateway.proxy_header,
        "head": {"bytes": head.bytes, "headers": head.headers, "target": head.target},
        "timeouts": {each: getattr(timeouts, each) for each in ("head", "body", "idle", "drain")},
        "held_bytes": gateway.held,
        "connections": gateway.connections,
        "http2": gateway.http2 and {"streams": gateway.http2.streams},
        "connections_per_address": gateway.share,
        "evidence": sinks(file.plan.evidence),
    }
