"""What a user may write in the plan about upstream: where permitted requests go, and how long they may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from yett.policy.section import Section
from yett.policy.values import Duration, UpstreamUrl


class Upstream(Section):
    """`upstream`: the API itself."""

    not_built: ClassVar[Mapping[str, str]] = {
        "tls": "upstreams are reached by http:// until then",
        "retries": "a request is sent once until then",
        "health": "an upstream that refuses a connection is passed over until then",
        "balance": "upstreams take turns until then",
    }

    urls: list[UpstreamUrl] = Field(min_length=1, description="http://host:port, or with a path before the operation's")
    timeout: Duration = Field(
        default=30_000,
        description="Each for sending the request, the reply's head, a held body, every piece of a streamed one",
    )
    connect: Duration = Field(default=5_000, description="To connect")

    def plan(self) -> dict[str, Any]:
        """As the compiled plan writes it."""
        return {"urls": self.urls, "timeout": self.timeout, "connect": self.connect}
