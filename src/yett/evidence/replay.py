"""Replay: decides recorded outcomes again, by the same plan, at the same time, from the recorded facts; says what was
not recorded and is therefore taken as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yett.evidence.read import Line
from yett.evidence.recorded import ContradictionError, Decided, NoPlanError, RecordedPlan

RE_DECIDED = "re-decided"
TAKEN = "taken as recorded"
CONTRADICTED = "contradicts its plan"
# What the engine says after the head of what it was not told: that the head was let through.
_PAST_HEAD = ("validate", "contract")
# Decided from what is recorded: the operation, the client, the time, what was proven of the credentials.
_OF_CLAIMS = (
    "authenticate.type.",
    "authenticate.issuer.",
    "authenticate.audience.",
    "authenticate.token.expired",
    "authenticate.token.premature",
    "authenticate.token.postdated",
    "authenticate.claim.",
    "authenticate.key.expired",
    "authorize.",
)
_NOT_RECORDED = {
    "admit": "the head",
    "resolve": "the target",
    "authenticate": "the credential",
    "limit": "the counters",
    "validate": "target, headers and body",
    "contract": "target, headers and body",
    "receive": "the reply",
    "upstream": "what went wrong",
    "engine": "what went wrong",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """One line again. `how`: re-decided, taken as recorded, or a line that no gateway writes by its plan.

    `taken`: what; `differs`: what is decided now, or what contradicts.
    """

    line: Line
    how: str
    taken: str | None
    differs: str | None = None

    def __str__(self) -> str:
        """As a terminal shows it."""
        told = self.line.reason or self.line.decision
        if self.how == CONTRADICTED:
            return f"{self.line.trace_id}  {told}  CONTRADICTS its plan: {self.differs}"
        how = self.how if self.how == RE_DECIDED and self.taken is None else f"{self.how}: {self.taken}"
        if self.how == RE_DECIDED and self.taken is not None:
            how = f"{RE_DECIDED}, but for {self.taken}, which evidence does not hold"
        return f"{self.line.trace_id}  {told}  {f'DIFFERS: now {self.differs}' if self.differs else how}"

    def as_json(self) -> dict[str, Any]:
        """As `--json` writes it."""
        return {
            "line": self.line.number,
            "trace_id": self.line.trace_id,
            "recorded": self.line.reason or self.line.decision,
            "replayed": self.how,
            "taken": self.taken,
            "differs": self.differs,
        }


class Replay:
    """Replays lines by the plans of one folder."""

    def __init__(self, plans: Path) -> None:
        """`plans` is where `<hash>.json` lie."""
        self._folder = plans
        self._plans: dict[str, RecordedPlan | NoPlanError] = {}

    def lines(self, lines: Iterable[Line]) -> Iterator[Replayed]:
        """Each line again."""
        return map(self._replay, lines)

    def _replay(self, line: Line) -> Replayed:
        plan = self._plan(line.plan)
        if isinstance(plan, NoPlanError):
            return Replayed(line, TAKEN, f"everything: plan {line.plan[:12]}: {plan}")
        step = (line.reason or "").partition(".")[0]
        if line.operation in (None, "unlisted") or line.method is None or step in ("admit", "resolve"):
            return Replayed(line, TAKEN, _NOT_RECORDED.get(step, "the target"))
        try:
            return _compared(line, step, plan.decide(line))
        except ContradictionError as error:
            return Replayed(line, CONTRADICTED, None, f"{error}")

    def _plan(self, name: str) -> RecordedPlan | NoPlanError:
        if name not in self._plans:
            try:
                self._plans[name] = RecordedPlan(self._folder, name)
            except NoPlanError as error:
                self._plans[name] = error
        return self._plans[name]


def _compared(line: Line, step: str, decided: Decided) -> Replayed:
    if decided.operation != line.operation:
        return Replayed(line, TAKEN, "the target")
    now = decided.reason
    if now is not None and now.startswith(_PAST_HEAD):
        now = None
    if line.reason == "authenticate.credential.missing" or (line.reason or "").startswith(_OF_CLAIMS):
        return Replayed(line, RE_DECIDED, None, None if now == line.reason else _told(now))
    if step == "authenticate":
        return Replayed(line, TAKEN, _NOT_RECORDED[step])
    # Whatever came later, or nothing: the head was let through then, and must be now.
    taken = _NOT_RECORDED.get(step, "target, headers, body, counters and reply")
    return Replayed(line, RE_DECIDED, taken, None if now is None else _told(now))


def _told(reason: str | None) -> str:
    return "let through" if reason is None else f"refused by {reason}"
