"""A kept plan, loaded again for recorded facts: what was verified then is a fact now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yett._engine import PlanFault, Prover, plan_hash
from yett.catalogue import catalogue_hash
from yett.evidence.read import Line
from yett.prove.issuer import KID, Issuer
from yett.prove.site import filled

_PLACES = ("0", "a", "00000000-0000-4000-8000-000000000000", "x-of-a-replay")


class NoPlanError(Exception):
    """The plan of a line cannot be loaded; the text says why."""


class ContradictionError(Exception):
    """A line says what no gateway writes by its plan; the text says what."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the engine says of a head: the reason, if it is refused, and the operation that it was judged as."""

    reason: str | None
    operation: str | None


class RecordedPlan:
    """One plan of `plans/`."""

    def __init__(self, folder: Path, name: str) -> None:
        """Load `<name>.json`. Raises `NoPlanError`."""
        try:
            octets = (folder / f"{name}.json").read_bytes()
        except OSError as error:
            raise NoPlanError(f"{folder / name}.json cannot be read: {error.strerror}") from None
        if plan_hash(octets) != name:
            raise NoPlanError(f"{folder / name}.json is not the plan of that hash")
        document: dict[str, Any] = json.loads(octets)
        if document["catalogue"] != catalogue_hash():
            raise NoPlanError("it was compiled by another version of Yett, with other reasons")
        self._apis: dict[str, dict[str, Any]] = {api["name"]: api for api in document["apis"]}
        self._issuer = Issuer.create()
        self._prover = self._load(document)

    def _load(self, document: dict[str, Any]) -> Prover:
        keys = json.dumps(self._issuer.key_set())
        sets: list[tuple[str, str, str]] = []
        for name, api in self._apis.items():
            for scheme, credential in api["credentials"].items():
                if "jwt" in credential:
                    credential["jwt"]["keys"] = {"given": f"{name}.{scheme}"}
                    sets.append((name, scheme, keys))
        try:
            return Prover(json.dumps(document).encode(), sets)
        except PlanFault as fault:
            raise NoPlanError(f"the engine refuses it: {fault}") from None

    def _operation(self, line: Line) -> dict[str, Any]:
        api = self._apis.get(line.api or "", {"operations": []})
        for operation in api["operations"]:
            if operation["id"] == line.operation:
                return operation
        raise ContradictionError(f"the plan has no operation {line.operation!r} of {line.api!r}")

    def decide(self, line: Line) -> Decided:
        """Judge the head of a line again: its operation, its client, its time, what was proven of its credentials.

        The target's values were not recorded; the first that lead to the operation are taken.

        Raises `ContradictionError`.
        """
        operation, api = self._operation(line), self._apis[line.api or ""]
        decided = Decided(None, None)
        for place in _PLACES:
            self._prover.forget()
            judged = json.loads(self._prover.decide(self._attempt(line, api, filled(operation["path"], place))))
            decided = Decided(judged["reason"], judged["operation"])
            if decided.operation == line.operation:
                break
        return decided

    def _attempt(self, line: Line, api: dict[str, Any], path: str) -> bytes:
        host: str = api["hosts"][0]
        headers = [["host", host.replace("*", "replay" if host.startswith("*.") else "replay.example")]]
        try:
            headers += [list(header) for header in self._credentials(line, api)]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ContradictionError(f"`proven` is not what is written of a credential ({error!r})") from None
        document = {
            "now": line.time,
            "peer": line.client,
            "method": line.method,
            "target": f"{api['base']}{path}",
            "headers": headers,
            "body": None,
            "answer": None,
            "without": None,
        }
        return json.dumps(document).encode()

    def _credentials(self, line: Line, api: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """One header line for each header that was shown: alternatives may have read the same one."""
        keys: dict[str, str] = {}
        tokens: list[dict[str, Any]] = []
        for number, proven in enumerate(line.proven):
            credential = api["credentials"].get(proven["scheme"])
            if credential is None:
                raise ContradictionError(f"the plan has no credential {proven['scheme']!r}")
            if "api_key" in credential:
                record = {name: proven[name] for name in ("id", "subject", "scopes", "roles", "expires")}
                self._prover.know(f"replay-{number}", json.dumps(record))
                keys.setdefault(credential["api_key"]["header"], f"replay-{number}")
            else:
                tokens.append(proven)
        yield from keys.items()
        if tokens:
            header = [("alg", "ES256"), ("kid", KID)] + ([("typ", tokens[0]["typ"])] if tokens[0]["typ"] else [])
            claims = {name: value for token in tokens for name, value in token["claims"].items()}
            yield "authorization", f"Bearer {self._issuer.sign(header, list(claims.items()), 'own')}"
