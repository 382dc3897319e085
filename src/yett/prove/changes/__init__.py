"""The vocabulary of cases: what may be done to a benign message, one function a verb; no case is known here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yett.prove.changes import answer, body, credential, head, parameter
from yett.prove.message import Message

Verb = Callable[[Message, Any], None]

VERBS: dict[str, Verb] = {**head.VERBS, **parameter.VERBS, **body.VERBS, **credential.VERBS, **answer.VERBS}
