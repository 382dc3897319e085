"""The types of an attack: what it needs (stage), what came of it (outcome), itself; no attack and no server."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from ..issuer import Issuer
from ..shop.database import select

PROBLEM = "application/problem+json"


class TwinFailed(Exception):
    """The benign twin of an attack was not served as it should be."""


class Result(StrEnum):
    """What came of an attack."""

    succeeded = "succeeded"
    """Its effect stands in the database or in the reply."""
    refused = "refused"
    """It was answered with an error, and its effect is absent."""
    harmless = "harmless"
    """It was served, but its effect is absent."""


@dataclass(frozen=True)
class Outcome:
    """What came of one attack at one place; `trace` is the id that the place gave the request, where it gave one."""

    result: Result
    status: int
    effect: str = ""
    trace: str = ""


@dataclass(frozen=True)
class Stage:
    """One place to attack, with its state just reset: a base URL, and what the attacker and the judge know."""

    client: httpx.Client
    """Sends to the place; its `base_url` has neither path nor trailing slash."""
    issuer: Issuer
    database: Path
    api_key: str
    """A key of the partner's warehouse that the place accepts."""

    def bearer(self, user: str, **changes: object) -> dict[str, str]:
        """The header with a good token of `user`, its claims changed."""
        return {"Authorization": f"Bearer {self.issuer.token(user, **changes)}"}

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """What stands in the database; for the judge, not for the attacker."""
        return select(self.database, sql, *values)


@dataclass(frozen=True)
class Attack:
    """An attack on the shop, and the benign request that looks like it."""

    name: str
    shows: str
    """One sentence for the reader of the table."""
    owasp: str
    """The risk in the OWASP API Security Top 10 (2023), or the CWE where that list has none."""
    play: Callable[[Stage], Outcome]
    twin: Callable[[Stage], None]
    """Raises TwinFailed unless the benign request is served."""
    stopped_by: str = ""
    """The exact reason that stops it; empty where nothing is refused, because the shape of every answer undoes it."""
    later: str = ""
    """What will stop it and is not built yet; empty where it has to be stopped today."""


def judge(answer: httpx.Response, effect: str) -> Outcome:
    """The outcome of an attack that ended with `answer`; `effect` is empty where the effect is absent."""
    if effect:
        result = Result.succeeded
    elif answer.is_success:
        result = Result.harmless
    else:
        result = Result.refused
    return Outcome(result, answer.status_code, effect, trace_of(answer))


def trace_of(answer: httpx.Response) -> str:
    """The trace id that the place answers in its problem document or `traceparent` (W3C), else the one it was sent."""
    if answer.headers.get("content-type", "").startswith(PROBLEM):
        return str(answer.json().get("trace_id", ""))
    parent = answer.headers.get("traceparent") or answer.request.headers.get("traceparent", "")
    return parent.split("-")[1] if parent.count("-") == 3 else ""


def served(answer: httpx.Response, status: int, /, **members: object) -> httpx.Response:
    """The answer itself; raises TwinFailed where it has another status, or lacks one of `members`."""
    if answer.status_code != status:
        raise TwinFailed(f"answered {answer.status_code}, expected {status}: {answer.text[:200]}")
    for name, value in members.items():
        expect(name, answer.json().get(name), value)
    return answer


def expect(what: str, found: object, expected: object) -> None:
    """Raises TwinFailed where the two differ."""
    if found != expected:
        raise TwinFailed(f"{what} is {found!r}, expected {expected!r}")
