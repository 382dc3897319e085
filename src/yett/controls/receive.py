"""What a user may write in the plan about receive: how large a reply may be that must be read."""

from __future__ import annotations

from pydantic import Field

from yett.policy.section import Section
from yett.policy.values import Size


class Receive(Section):
    """`receive`: the limit of replies that the contract reads; a larger one is withheld."""

    body: Size = Field(default=1024 * 1024, description="Bytes of a reply's body")
