"""The vectors of level bytes at a gateway's socket: what the reader refuses there, and nothing slips through."""

import socket
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.vectors.gateway import PATIENCE, Gateway
from tests.vectors.vector import HERE, NOW

CATALOGUE = HERE.parents[1] / "src/yett/catalogue/admit.toml"


@dataclass(frozen=True)
class Case:
    """What a connection brings before its client ends it, the requests in it, and the reason of level bytes."""

    id: str
    octets: bytes
    reads: list[str]
    refuses: str | None


def filled(table: dict[str, Any], text: str) -> str:
    fill = table.get("fill", {"text": "", "times": 0})
    return text.replace("{fill}", fill["text"] * fill["times"])


def written() -> list[Case]:
    """Those of bytes/."""
    return [
        Case(
            f"{path.stem}: {table['name']}",
            filled(table, table["bytes"]).encode("latin-1"),
            [filled(table, line) for line in table["reads"]],
            table.get("refuses"),
        )
        for path in sorted(HERE.glob("bytes/*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["case"]
    ]


def attacks() -> list[Case]:
    """Those of the catalogue; without its check an attack reads as several requests, with it as the first at most."""
    return [
        Case(
            f"{reason['id']}: {case['name']}",
            filled(case, case["attack"]).encode("latin-1"),
            [filled(case, line) for line in case["reads"]][:1],
            reason["id"],
        )
        for reason in tomllib.loads(CATALOGUE.read_text("utf-8"))["reason"]
        if reason["level"] == "bytes"
        for case in reason["case"]
    ]


BYTES = {
    reason["id"]: reason["status"]
    for reason in tomllib.loads(CATALOGUE.read_text("utf-8"))["reason"]
    if reason["level"] == "bytes"
}
WRITTEN, ATTACKS = written(), attacks()
Found = tuple[list[dict[str, Any]], list[str], bytes]


def bring(gateway: Gateway, octets: bytes) -> bytes:
    """All that is answered to a connection that brings these octets and ends."""
    with socket.create_connection(gateway.address, PATIENCE) as client:
        answered = b""
        try:
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            while some := client.recv(65536):
                answered += some
        except ConnectionResetError:
            return answered
    return answered


@pytest.fixture(scope="session")
def brought(tmp_path_factory) -> Callable[[Case], Found]:
    """Evidence, upstream and answer of each case; the clock tells the lines of evidence apart."""
    cases = [*WRITTEN, *ATTACKS]
    gateway = Gateway("octets", tmp_path_factory.mktemp("octets"))
    seen: list[list[str]] = []
    answers: list[bytes] = []
    with gateway:
        for number, case in enumerate(cases):
            gateway.at(NOW + number)
            answers.append(bring(gateway, case.octets))
            seen.append([message.line for message in gateway.upstream.take()])
    lines: list[list[dict[str, Any]]] = [[] for _ in cases]
    for line in gateway.evidence():
        lines[seconds(line["time"]) - NOW].append(line)
    found = dict(zip((case.id for case in cases), zip(lines, seen, answers, strict=True), strict=True))
    return lambda case: found[case.id]


def seconds(time: str) -> int:
    hours, minutes, second = (int(part) for part in time[11:19].split(":"))
    return NOW - 12 * 3600 + hours * 3600 + minutes * 60 + second


def refused(found: Found) -> list[str]:
    return [line["reason"] for line in found[0] if line.get("reason") in BYTES]


@pytest.mark.parametrize("case", WRITTEN, ids=[case.id for case in WRITTEN])
def test_a_vector_is_read_as_it_says(case, brought):
    lines, seen, answered = found = brought(case)
    assert refused(found) == ([case.refuses] if case.refuses else [])
    assert len(lines) in {len(case.reads), len(case.reads) + 1} if case.refuses else len(lines) == len(case.reads)
    assert answered.count(b"HTTP/1.1 ") == len(lines)
    assert set(seen) <= set(case.reads)


@pytest.mark.parametrize("case", ATTACKS, ids=[case.id for case in ATTACKS])
def test_an_attack_is_refused_and_no_second_request_goes_on(case, brought):
    lines, seen, answered = found = brought(case)
    assert refused(found) == [case.refuses]
    assert len(seen) <= 1 and set(seen) <= set(case.reads)
    assert b"HTTP/1.1 %d " % BYTES[case.refuses] in answered and lines[-1]["reason"] == case.refuses
