"""The plan as a user writes it, whole: the root of the models. What belongs to one API or control may not enter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from yett.policy.api import Api
from yett.policy.gateway import DEFAULT_SINKS, Gateway, Log, Sinks, Store, as_store, only_memory
from yett.policy.section import Also, Section, wrong
from yett.policy.values import Mode, Text

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class Plan(Section):
    """yett.yaml: one security plan for the HTTP APIs behind one gateway."""

    not_built: ClassVar[Mapping[str, str]] = {
        "identity": "tokens come from your own issuer until then",
        "tape": "evidence is what is kept until then",
        "python": "no Python guard runs until then",
        "inventory": "the description says what there is until then",
        "console": "the command line shows what there is until then",
    }

    yett: Literal[1] = Field(description="The version of this language")
    gateway: Gateway = Field(default=Gateway(), description="Where clients connect")
    state: Annotated[str, BeforeValidator(only_memory), WithJsonSchema({"const": "memory"})] = Field(
        default="memory", description="Where counters are"
    )
    danger_state_per_process: bool = Field(
        default=False, description="Let several processes serve one plan around an app, each with counters of its own"
    )
    store: Annotated[Store, BeforeValidator(as_store), Also(type="string")] = Field(
        default=Store(url="sqlite:///yett.db"), description="Where API keys are kept"
    )
    evidence: Sinks = Field(
        default=DEFAULT_SINKS,
        description="Where evidence goes: {file: PATH}, stdout, a list of them, none; default: {file: evidence.jsonl}",
    )
    plans: Text = Field(default="plans", description="The folder in which every plan that judged is kept")
    log: Log = Field(default=Log(), description="What the gateway says of itself")
    mode: Mode = Field(
        default="enforce",
        description="Whether guards refuse, or only say what they would refuse; admission, media types, credentials,"
        " scopes, roles always hold",
    )
    apis: dict[str, Api] = Field(min_length=1, description="The APIs, by name")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name in self.apis:
            if not _NAME.fullmatch(name):
                raise wrong("a name of lower-case letters, digits, - and _", repr(name), ("apis", name))
        return self
