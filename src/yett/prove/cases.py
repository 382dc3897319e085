"""The catalogue's reasons with the cases that prove them, read from its files; what a case does is not known here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yett.catalogue import FOLDER
from yett.openapi.json_types import is_object

LEVELS = ("bytes", "request", "reply", "gateway")


class CaseError(Exception):
    """A file of the catalogue holds a case that cannot be read; the text names the reason and what is wrong."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step from a benign request to an attack: `verb` is its name in `changes`, such as `header.add`."""

    verb: str
    argument: Any


@dataclass(frozen=True, slots=True)
class Connection:
    """A case of level `bytes`: what a connection brings before it closes, and what it is read as unchecked."""

    attack: bytes
    twin: bytes
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One recipe. `start`: `request` or `preflight`; `twin`: what its operation must have, if another."""

    reason: str
    name: str
    effect: str
    needs: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    start: str = "request"
    twin: tuple[str, ...] | None = None
    connection: Connection | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A refusal or a fault of the catalogue, as far as a proof needs to know it."""

    id: str
    control: str
    kind: str
    level: str
    public: str
    status: int
    text: str
    cases: tuple[Case, ...] = field(default=())


def read_reasons(folder: Path = FOLDER) -> list[Reason]:
    """Every reason, in the order of the files' names. Raises `CaseError`."""
    found: list[Reason] = []
    for path in sorted(folder.glob("*.toml")):
        control = tomllib.loads(path.read_text("utf-8"))
        found.extend(_reason(entry, control["control"]) for entry in control.get("reason", []))
    return found


def _reason(entry: dict[str, Any], control: str) -> Reason:
    if entry["level"] not in LEVELS:
        raise CaseError(f"{entry['id']}: found level {entry['level']!r}, expected one of {', '.join(LEVELS)}")
    cases = tuple(_case(entry["id"], case) for case in entry.get("case", []))
    known = ("id", "kind", "level", "public", "status", "text")
    return Reason(**{name: entry[name] for name in known}, control=control, cases=cases)


def _case(reason: str, entry: dict[str, Any]) -> Case:
    name, effect = entry.get("name", ""), entry.get("effect", "")
    if not name or not effect:
        raise CaseError(f"{reason}: a case without name or effect")
    if "attack" in entry:
        return Case(reason, name, effect, connection=_connection(entry))
    known = {"name", "effect", "needs", "change", "start", "twin", "fault"}
    if unknown := entry.keys() - known:
        raise CaseError(f"{reason}, {name}: found {sorted(unknown)}, expected some of {sorted(known)}")
    twin = entry.get("twin")
    return Case(
        reason,
        name,
        effect,
        needs=tuple(entry.get("needs", [])),
        changes=tuple(_changes(reason, entry.get("change", {}))),
        start=entry.get("start", "request"),
        twin=None if twin is None else tuple(twin["needs"]),
        fault=entry.get("fault"),
    )


def _changes(reason: str, table: dict[str, Any]) -> list[Change]:
    found: list[Change] = []
    for group, verbs in table.items():
        if not is_object(verbs):
            raise CaseError(f"{reason}: found {group} = {verbs!r}, expected a verb, such as {group}.set")
        found.extend(Change(f"{group}.{verb}", argument) for verb, argument in verbs.items())
    return found


def _connection(entry: dict[str, Any]) -> Connection:
    fill = entry.get("fill", {"text": "", "times": 0})

    def filled(text: str) -> str:
        return text.replace("{fill}", fill["text"] * fill["times"])

    return Connection(
        filled(entry["attack"]).encode("latin-1"),
        filled(entry["twin"]).encode("latin-1"),
        tuple(filled(line) for line in entry["reads"]),
    )
