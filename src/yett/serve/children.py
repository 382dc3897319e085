"""The child that serves, the one that is to take its place, and those that drain. Tells them nothing of changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from yett.policy.compile import Compiled
from yett.serve.child import Child, Message, Start
from yett.serve.sockets import CannotServe, Sockets
from yett.serve.stock import Stock, environment_secrets, keep_plan

FIRST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0
LIVED_WELL_SECONDS = 10.0


@dataclass(frozen=True)
class Charge:
    """What a child is started for: a plan, and the store that the plan names."""

    compiled: Compiled
    stock: Stock

    @classmethod
    def of(cls, compiled: Compiled) -> Charge:
        """Opens the plan's store. Raises `CannotServe`."""
        return cls(compiled, Stock(compiled))

    @property
    def addresses(self) -> list[str]:
        """Where the plan listens, `admin` last."""
        return self.compiled.source.plan.gateway.bound


class Children:
    """All children of one gateway; at most one serves and one rises."""

    def __init__(self, sockets: Sockets, clock: int | None, told: Callable[[Child, Message | None], None]) -> None:
        """`told` hears each message of a child, and its end."""
        self._sockets, self._clock, self._told = sockets, clock, told
        self.serving: Child | None = None
        self.rising: tuple[Child, Charge] | None = None
        self._falling: set[Child] = set()
        self._backoff, self._started_at = FIRST_BACKOFF, 0.0
        self.restart_at: float | None = None

    def start(self, charge: Charge) -> Child:
        """A child in the place of the one that serves, if there is none. Raises `CannotServe`."""
        self.restart_at = None
        self.serving = self._spawn(charge)
        return self.serving

    def raise_up(self, charge: Charge) -> None:
        """A child that takes the place of the one that serves when it is ready. Raises `CannotServe`."""
        self.rising = (self._spawn(charge), charge)

    def ready(self, child: Child) -> Charge | None:
        """What the risen child serves from now on; none where it is the one that serves anyway. The old one drains."""
        if self.rising is None or child is not self.rising[0]:
            return None
        old, (self.serving, charge), self.rising = self.serving, self.rising, None
        self.restart_at = None
        if old is not None:
            self._falling.add(old)
            if not old.send(drain=None):
                old.kill()
        self._sockets.keep(charge.addresses)
        return charge

    def ended(self, child: Child) -> Literal["drained", "rising", "serving", "unknown"]:
        """Which of them has ended."""
        if child in self._falling:
            self._falling.discard(child)
            return "drained"
        if self.rising and child is self.rising[0]:
            self.rising = None
            return "rising"
        if child is not self.serving:
            return "unknown"
        self.serving = None
        return "serving"

    def restart_later(self) -> float:
        """Sets when a child is started again: soon if the last one lived well, else later each time. Gives seconds."""
        now = time.monotonic()
        lived_well = now - self._started_at > LIVED_WELL_SECONDS
        self._backoff = FIRST_BACKOFF if lived_well else min(self._backoff * 2, LONGEST_BACKOFF)
        self.restart_at = now + self._backoff
        return self._backoff

    def all(self) -> list[Child]:
        """Every child that lives."""
        rising = [self.rising[0]] if self.rising else []
        return [*([self.serving] if self.serving else []), *rising, *self._falling]

    def end(self, seconds: float) -> None:
        """Kills all and closes the sockets."""
        for child in self.all():
            child.kill()
            child.wait(seconds)
        self.serving, self.rising, self._falling = None, None, set()
        self._sockets.keep([])

    def _spawn(self, charge: Charge) -> Child:
        config = charge.stock.config(charge.compiled, keep_plan(charge.compiled))
        gateway = charge.compiled.source.plan.gateway
        sockets = self._sockets.want(charge.addresses)
        listeners = sockets[: len(gateway.listen)]
        admin = sockets[-1] if gateway.admin else None
        self._started_at = time.monotonic()
        folder = charge.compiled.source.folder.resolve()
        try:
            secrets = environment_secrets(charge.compiled)
            return Child(Start(config, listeners, admin, folder, self._clock, secrets), self._told)
        except OSError as error:
            raise CannotServe(f"the child cannot be started: {error}") from None
