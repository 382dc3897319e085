"""What a user may write in the plan about contract: where it only reports, and what happens to what is not declared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yett.policy.section import Section
from yett.policy.values import Mode


class Contract(Section):
    """`contract`: whether requests and replies are what the description declares."""

    requests: Mode | None = Field(default=None, description="enforce or report; default: the API's mode")
    replies: Mode | None = Field(default=None, description="enforce or report; default: the API's mode")
    undeclared_fields: Literal["drop", "withhold"] = Field(
        default="drop", description="Undeclared fields of a reply are spliced out, or the reply is withheld"
    )
    undeclared_errors: Literal["replace", "pass"] = Field(
        default="replace", description="The body of an undeclared 4xx or 5xx becomes a problem document, or passes"
    )
