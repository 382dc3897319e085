"""`prove` of an API: benign values that a description does not give, for `yett prove`. No decision depends on them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from yett.policy.section import Section


class Given(Section):
    """An entry of `prove`: benign values of one operation. Parameters are by name, as values, not as text."""

    path: dict[str, Any] = Field(default={}, description="Parameters of the path")
    query: dict[str, Any] = Field(default={}, description="Parameters of the query")
    header: dict[str, Any] = Field(default={}, description="Header parameters")
    cookie: dict[str, Any] = Field(default={}, description="Cookie parameters")
    body: Any = Field(default=None, description="The JSON body of the request")
    reply: Any = Field(default=None, description="The JSON body of the first success that the description declares")
