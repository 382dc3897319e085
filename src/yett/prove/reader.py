"""Cases of level `bytes`, played at the HTTP/1 reader: attack, twin, and the attack read without the check."""

from __future__ import annotations

import json
from typing import Any

from yett._engine import read_bytes
from yett.prove.cases import Case, CaseError, Connection
from yett.prove.row import Proof, State


def connection_of(case: Case) -> Connection:
    """The bytes of a case. Raises `CaseError`."""
    if case.connection is None:
        raise CaseError(f"{case.reason}, {case.name}: a case of level bytes needs attack, twin and reads")
    return case.connection


def prove_at_reader(case: Case) -> Proof:
    """Play one case; without the check the attack is read as the requests that the case says."""
    connection, proof = connection_of(case), Proof(case.name, "reader")
    attack, twin = _read(connection.attack), _read(connection.twin)
    unchecked = _read(connection.attack, case.reason)
    proof.add(
        _state(attack["reason"] == case.reason),
        _state(twin["reason"] is None and len(twin["requests"]) == 1 and twin["requests"][0]["whole"]),
        _ablation(case.reason, unchecked, connection.reads),
    )
    for what, read in (("the attack", attack), ("the twin", twin), ("without the check, the attack", unchecked)):
        if State.FALLS_SHORT in (proof.attack, proof.twin, proof.ablation):
            proof.tell(f"{what} was read as {_lines(read)}, refused by {read['reason']}")
    return proof


def _read(octets: bytes, without: str | None = None) -> dict[str, Any]:
    return json.loads(read_bytes(octets, without))


def _lines(read: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{request['method']} {request['target']}" for request in read["requests"])


def _ablation(reason: str, read: dict[str, Any], expected: tuple[str, ...]) -> State:
    return _state(read["reason"] != reason and _lines(read) == expected)


def _state(holds: bool) -> State:
    return State.HOLDS if holds else State.FALLS_SHORT
