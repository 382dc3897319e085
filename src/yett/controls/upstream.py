"""What a user may write in the plan about upstream: where permitted requests go, and how long they may take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from yett.policy.section import Also, Section, wrong
from yett.policy.values import Duration, Percent, UpstreamUrl

_PATH = re.compile(r"/[!-\"$-~]*")


class Target(Section):
    """An entry of `urls`: a URL, or `{url: http://b:9000, weight: 3}`."""

    url: UpstreamUrl = Field(description="http://host:port, or with a path before the operation's")
    weight: int = Field(default=1, ge=1, le=65_535, description="Its share of the requests beside those of the others")

    def plan(self) -> object:
        """As the compiled plan writes it."""
        return self.url if self.weight == 1 else {"url": self.url, "weight": self.weight}


def as_target(value: object) -> object:
    """A text is the URL."""
    return {"url": value} if isinstance(value, str) else value


def each_once(targets: list[Target]) -> list[Target]:
    """A place that stands twice would fail for both: host, port and path, however they are written."""
    places = [place(target.url) for target in targets]
    for number, target in enumerate(targets):
        if places[number] in places[:number]:
            raise wrong("each URL once; `weight` gives one a larger share", f"{target.url} twice", (str(number),))
    return targets


def place(url: str) -> tuple[str | None, int, str]:
    """Where a URL leads: host in lower case, port, path."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or 80, parts.path


Urls = Annotated[
    list[Annotated[Target, BeforeValidator(as_target), Also(type="string", pattern="^http://")]],
    AfterValidator(each_once),
]


class Ejection(Section):
    """`upstream.ejection`: the circuit breaker of each URL. At least half of an API's URLs stay in use.

    One that fails is left alone (open), and asked again when its time is over (half open): one failure more opens it
    for twice as long, an answer closes it, and once it has been well for as long as it was left alone it begins anew.
    """

    after: int = Field(
        default=5,
        ge=1,
        le=1_000_000,
        description="Failures in a row: it cannot be reached, cuts, is late, talks nonsense, answers 502, 503 or 504",
    )
    time: Duration = Field(default=5_000, description="How long at first; twice as long each time that follows")
    longest: Duration = Field(default=300_000, description="How long at most")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.longest < self.time:
            raise wrong("a duration no shorter than `time`", "a shorter one", ("longest",))
        return self

    def plan(self) -> dict[str, Any]:
        """As the compiled plan writes it."""
        return {"after": self.after, "time": self.time, "longest": self.longest}


def as_ejection(value: object) -> object:
    """`none` stands for none."""
    if value is None:
        raise wrong("`none`, or a mapping with keys of after, time, longest")
    return None if value == "none" else value


def as_path(value: object) -> str:
    """A path, with a query or without, as it goes out."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise wrong("a path such as /healthz, of visible ASCII characters, without #")
    return value


class Health(Section):
    """`upstream.health`: each URL is asked whether it is well.

    One that fails is not asked; all fail: clients get 503.
    """

    path: Annotated[str, BeforeValidator(as_path)] = Field(description="Asked with GET, behind the URL: `/healthz`")
    interval: Duration = Field(default=5_000, description="Between two checks of a URL, a tenth more or less")
    timeout: Duration = Field(default=1_000, description="How long a check may take, from the resolver to the head")
    healthy: int = Field(default=2, ge=1, le=1_000, description="Passed checks in a row after which it is asked again")
    unhealthy: int = Field(default=3, ge=1, le=1_000, description="Failed checks in a row after which it is not asked")
    status: list[Annotated[int, Field(ge=200, le=599)]] = Field(
        default=[], description="The statuses that pass; default: every 2xx"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.timeout > self.interval:
            raise wrong("a duration no longer than `interval`", "a longer one", ("timeout",))
        return self

    def plan(self) -> dict[str, Any]:
        """As the compiled plan writes it."""
        return self.model_dump()


class Retries(Section):
    """`upstream.retries`: a request is sent again when its connection ends before any octet of an answer, or is slow.

    Only GET, HEAD, OPTIONS, PUT and DELETE whose body does not stream (RFC 9110 §9.2.2), over a new connection, to
    another URL where there is one. Who cannot be reached is passed over for every method: nothing was sent, so it costs
    no budget.
    """

    attempts: int = Field(default=2, ge=1, le=10, description="How often a request is sent, the first time included")
    budget: Percent = Field(
        default=20, description="Retries for each hundred requests of the API, beside a hundred that are saved up"
    )
    try_timeout: Duration | None = Field(
        default=None,
        description="When an attempt is given up for another; default: never, it has all that is left of `timeout`",
    )

    def plan(self) -> dict[str, Any]:
        """As the compiled plan writes it."""
        return self.model_dump()


def as_retries(value: object) -> object:
    """`none` stands for none."""
    if value is None:
        raise wrong("`none`, or a mapping with keys of attempts, budget, try_timeout")
    return None if value == "none" else value


class Upstream(Section):
    """`upstream`: the API itself."""

    not_built: ClassVar[Mapping[str, str]] = {
        "tls": "upstreams are reached by http:// until then",
        "balance": "of two URLs drawn by weight the less busy is asked until then",
    }

    urls: Urls = Field(
        min_length=1,
        description="URLs, or `{url: …, weight: …}`: a request goes to the less busy of two that are drawn by weight",
    )
    timeout: Duration = Field(
        default=30_000,
        description="From the first attempt to the reply's head, all attempts together; then each for a held body,"
        " every piece of a streamed one",
    )
    connect: Duration = Field(default=5_000, description="To connect")
    ejection: Annotated[Ejection | None, BeforeValidator(as_ejection), Also(const="none")] = Field(
        default=Ejection(), description="When a URL that fails is left alone; `none`: never"
    )
    health: Health | None = Field(default=None, description="How each URL is checked; default: requests alone find out")
    retries: Annotated[Retries | None, BeforeValidator(as_retries), Also(const="none")] = Field(
        default=Retries(), description="When a request is sent again; `none`: never"
    )
    connections: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="Requests under way to one host and port; beyond them a client gets 503 at once",
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        tried = self.retries and self.retries.try_timeout
        if tried is not None and tried >= self.timeout:
            raise wrong("a duration shorter than `timeout`", "one no shorter", ("retries", "try_timeout"))
        return self

    def plan(self) -> dict[str, Any]:
        """As the compiled plan writes it."""
        return {
            "urls": [each.plan() for each in self.urls],
            "timeout": self.timeout,
            "connect": self.connect,
            "ejection": self.ejection and self.ejection.plan(),
            "health": self.health and self.health.plan(),
            "retries": self.retries and self.retries.plan(),
            "connections": self.connections,
        }
