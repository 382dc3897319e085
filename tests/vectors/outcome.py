"""What came of a request, and how it differs from what its vector expects. The same in every place."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.vectors.vector import Headers, Part, Sent


@dataclass
class Message:
    """A request as the upstream saw it, or an answer as the client got it."""

    line: str = ""
    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""


@dataclass
class Outcome:
    """`client` is none where a place does not write an answer; then `status` is all there is of it."""

    sent: Sent
    seen: Message | None
    client: Message | None
    status: int
    operation: str | None = None
    subject: str | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def said(self, said: str) -> list[str]:
        """The lines that say this, as `reason place place`."""
        return [" ".join([each["reason"], *each.get("places", [])]) for each in self.lines if each["said"] == said]

    @property
    def trace(self) -> str | None:
        """The trace id that the upstream or the client was told, if one was."""
        if self.seen is not None:
            return dict(self.seen.headers)[b"traceparent"].decode().split("-")[1]
        if self.client is not None and self.client.body.startswith(b'{"type":"urn:yett:'):
            return json.loads(self.client.body)["trace_id"]
        return None

    def witnessed(self, line: dict[str, Any]) -> None:
        """Takes what a line of evidence says."""
        self.operation, self.subject = line.get("operation"), line.get("subject")
        self.lines = line["lines"]
        reasons = [each["reason"] for each in self.lines if each["said"] == "refused"]
        assert reasons == [line["reason"]] if "reason" in line else not reasons, line
        assert line["decision"] == ("refused" if reasons else "permitted"), line
        assert line["status"] == self.status, line


class Differences:
    """Everything that differs, a line each."""

    def __init__(self, outcome: Outcome) -> None:
        self.found: list[str] = []
        self._outcome, self._sent, self._step = outcome, outcome.sent, outcome.sent.step
        self._upstream()
        self._evidence()
        words = (self._step.refused or "").split()
        self._problem = self._step.gets.problem or (words[1] if words else None)
        status = int(words[0]) if words else self._step.gets.status or self._sent.answer[0]
        self.same("status", status, outcome.status)
        if outcome.client is not None:
            self._client(outcome.client)

    def same(self, what: str, expected: object, found: object) -> None:
        if expected != found:
            self.found.append(f"{what}: expected {expected!r}, found {found!r}")

    def _headers(self, whose: str, expected: Headers, part: Part, found: Message) -> None:
        """All lines of each name that is expected."""
        for name in {name for name, _ in expected} | {name.encode() for name in part.without}:
            wanted, had = ([value for each, value in lines if each == name] for lines in (expected, found.headers))
            self.same(f"{whose} {name.decode()}", wanted, had)

    def _upstream(self) -> None:
        seen, expected = self._outcome.seen, self._step.upstream
        self.same("the upstream sees", self._step.sees and self._sent.fill(self._step.sees), seen and seen.line)
        if seen is not None:
            self._headers("the upstream's", self._sent.pairs(expected.headers), expected, seen)
            body = self._sent.octets(expected)
            self.same("the upstream's body", self._sent.body or b"" if body is None else body, seen.body)

    def _evidence(self) -> None:
        step, outcome = self._step, self._outcome
        refused = [" ".join([step.refused.split()[2], *step.places])] if step.refused else []
        self.same("refused", refused, outcome.said("refused"))
        self.same("would refuse", step.would, outcome.said("would_refuse"))
        self.same("altered", step.altered, outcome.said("altered"))
        self.same("operation", step.operation, outcome.operation)
        self.same("subject", step.subject, outcome.subject)
        if step.trace and (outcome.seen or outcome.client):
            self.same("trace", step.trace, outcome.trace)

    def _client(self, found: Message) -> None:
        gets, is_head = self._step.gets, self._sent.method == "HEAD"
        expected = self._sent.pairs(gets.headers)
        if self._problem is not None:
            expected.append((b"content-type", b"application/problem+json"))
            if not is_head:
                self._document(found)
        else:
            body = self._sent.octets(gets)
            self.same(
                "the client's body", b"" if is_head else self._sent.answer[2] if body is None else body, found.body
            )
        self._headers("the client's", expected, gets, found)

    def _document(self, found: Message) -> None:
        """RFC 9457; the client is told places where the request is invalid, and never the exact reason."""
        document = json.loads(found.body)
        places = self._step.places if self._problem == "invalid" else []
        self.same("type", f"urn:yett:{self._problem}", document["type"])
        self.same("status of the document", found.status, document["status"])
        self.same("errors", [{"pointer": place} for place in places], document.get("errors", []))
        self.same("members", {"type", "title", "status", "trace_id"}, document.keys() - {"errors"})


def differences(outcomes: list[Outcome]) -> list[str]:
    """What differs in a vector's outcomes, in order."""
    return [
        f"request {number}: {line}" for number, outcome in enumerate(outcomes, 1) for line in Differences(outcome).found
    ]
