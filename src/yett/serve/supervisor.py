"""The parent: opens sockets, compiles, watches, starts the child and tells it of every change. It never sees a request.

All that happens is an event in one queue, and one thread takes them: nothing here is locked. A bad plan is refused with
its errors in the log, and the old one stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from yett.policy.check import accept
from yett.policy.compile import Compiled
from yett.policy.findings import PlanError
from yett.serve.child import Child, Message, Start
from yett.serve.log import Log
from yett.serve.sockets import CannotServe, Sockets
from yett.serve.stock import Stock, keep_plan
from yett.serve.watch import Watch

TICK_SECONDS = 0.1
STORE_SECONDS = 0.25
READY_SECONDS = 60.0
GRACE_SECONDS = 5.0
LONGEST_BACKOFF = 5.0
LIVED_WELL_SECONDS = 10.0


@dataclass(frozen=True)
class Told:
    """A child said something, or ended (`message` is none)."""

    child: Child
    message: Message | None


@dataclass(frozen=True)
class Built:
    """A changed plan was compiled, or is wrong."""

    compiled: Compiled | None
    problems: tuple[str, ...]


Ask = Literal["stop", "reload"]
Event = Told | Built | Ask


class Supervisor:
    """One gateway: a plan, its sockets, and the child that serves."""

    def __init__(
        self,
        plan: Path,
        *,
        listen: Callable[[str], str] = str,
        clock: int | None = None,
        log: Log | None = None,
    ) -> None:
        """`listen` gives the address to open in place of the plan's; `clock` stands still at so many nanoseconds."""
        self._path, self._clock = plan, clock
        self._given_log = log
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._sockets = Sockets(listen)
        self._child: Child | None = None  # serves
        self._rising: tuple[Child, Compiled] | None = None  # is to serve in its place, once it is ready
        self._falling: set[Child] = set()  # drain
        self._offered: Compiled | None = None  # the child was told of it, and has not answered
        self._building = False
        self._wanted = False  # files changed while a change was under way
        self._stopping: float | None = None
        self._restart_at: float | None = None
        self._backoff, self._started_at, self._store_at = TICK_SECONDS, 0.0, 0.0

    # what others may ask, from any thread

    def ask(self, what: Ask) -> None:
        """Stop (drain; a second time: at once), or reload."""
        self._events.put(what)

    @property
    def listening(self) -> list[str]:
        """Where clients connect, once it has started."""
        return self._sockets.names(self._compiled.source.plan.gateway.listen)

    @property
    def admin(self) -> str | None:
        """Where metrics are, once it has started."""
        admin = self._compiled.source.plan.gateway.admin
        return self._sockets.names([admin])[0] if admin else None

    @property
    def plan_hash(self) -> str:
        """The plan in force."""
        return self._compiled.hash

    @property
    def child_pid(self) -> int | None:
        """The process that serves."""
        return self._child.pid if self._child else None

    # life

    def start(self) -> None:
        """Serves when this returns. Raises `PlanError`, `CannotServe`."""
        self._compiled = accept(self._path)
        self._set_log()
        self._watch = Watch(self._compiled.files)
        self._stock = Stock(self._compiled)
        path = keep_plan(self._compiled)
        try:
            self._child = self._spawn(self._compiled, path)
            self._await_ready(self._child)
        except CannotServe:
            self._end_all()
            raise
        self._log.info("gateway serves", listen=",".join(self.listening), plan=self._compiled.hash)
        for finding in self._compiled.findings:
            if finding.kind != "note":
                self._log.warning(str(finding))

    def run(self) -> None:
        """Returns when the gateway has drained."""
        try:
            while self._stopping is None or self._child or self._rising or self._falling:
                self._step()
        finally:
            self._end_all()
        self._log.info("gateway ended")

    def _step(self) -> None:
        with suppress(Empty):
            self._take(self._events.get(timeout=TICK_SECONDS))
        self._tick(time.monotonic())

    def _take(self, event: Event) -> None:
        match event:
            case "stop":
                self._stop()
            case "reload":
                self._log.info("reload was asked for")
                if self._child:
                    self._child.send(reopen=None)
                self._build()
            case Built():
                self._built(event)
            case Told(child, None):
                self._ended(child)
            case Told(child, message):
                self._told(child, message or {})

    def _tick(self, now: float) -> None:
        if self._stopping is not None:
            if now >= self._stopping:
                self._kill_all("it did not drain in time")
            return
        if self._watch.poll(now) or (self._wanted and not self._is_busy()):
            self._build()
        if self._restart_at is not None and now >= self._restart_at:
            self._restart()
        if now >= self._store_at:
            self._store_at = now + STORE_SECONDS
            self._tell_keys()

    # children

    def _spawn(self, compiled: Compiled, path: Path) -> Child:
        gateway = compiled.source.plan.gateway
        addresses = [*gateway.listen, *([gateway.admin] if gateway.admin else [])]
        sockets = self._sockets.want(addresses)
        listeners = sockets[: len(gateway.listen)]
        admin = sockets[-1] if gateway.admin else None
        folder = compiled.source.folder.resolve()
        start = Start(self._stock.config(compiled, path), listeners, admin, folder, self._clock)
        self._started_at = time.monotonic()
        try:
            return Child(start, lambda child, message: self._events.put(Told(child, message)))
        except OSError as error:
            raise CannotServe(f"the child cannot be started: {error}") from None

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except Empty:
                break
            if isinstance(event, Told) and event.child is child:
                if event.message is None:
                    raise CannotServe("the child ended before it served; its words stand above")
                if "ready" in event.message:
                    return
                if "refused" in event.message:
                    raise CannotServe(f"the engine refuses the plan: {event.message['refused']}")
            elif event == "stop":
                raise CannotServe("stopped before it served")
        raise CannotServe(f"the child was not ready within {READY_SECONDS:.0f} s")

    def _ended(self, child: Child) -> None:
        code = child.wait()
        if child in self._falling:
            self._falling.discard(child)
            self._log.info("the old child has drained", pid=child.pid)
        elif self._rising and child is self._rising[0]:
            self._log.error("the new child ended before it served; the old one stays", code=code)
            self._rising = None
        elif child is self._child:
            self._child, self._offered = None, None
            if self._stopping is None:
                now = time.monotonic()
                self._backoff = TICK_SECONDS if now - self._started_at > LIVED_WELL_SECONDS else self._backoff * 2
                self._backoff = min(self._backoff, LONGEST_BACKOFF)
                self._restart_at = now + self._backoff
                self._log.error("the child ended; it is started again", code=code, seconds=f"{self._backoff:.1f}")

    def _restart(self) -> None:
        self._restart_at = None
        try:
            self._child = self._spawn(self._compiled, keep_plan(self._compiled))
        except CannotServe as error:
            self._log.error("the child cannot be started", why=error)
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
            self._restart_at = time.monotonic() + self._backoff

    def _told(self, child: Child, message: Message) -> None:
        if "ready" in message:
            self._ready(child)
        elif message.get("id") == "plan":
            self._answered(message)
        elif message.get("id") == "keys" and "refused" in message:
            self._log.error("the child refuses the keys", why=message["refused"])
        elif message.get("id") == "keys":
            self._log.info("keys changed", count=message.get("keys"))

    def _ready(self, child: Child) -> None:
        if self._rising and child is self._rising[0]:
            _, self._compiled = self._rising
            if self._child:
                self._falling.add(self._child)
                self._child.send(drain=None)
            self._child, self._rising = child, None
            gateway = self._compiled.source.plan.gateway
            self._sockets.keep([*gateway.listen, *([gateway.admin] if gateway.admin else [])])
            self._set_log()
            self._log.info("a new child serves", listen=",".join(self.listening), plan=self._compiled.hash)
        else:
            self._log.info("the child serves again", pid=child.pid)

    # changes

    def _is_busy(self) -> bool:
        return self._building or self._offered is not None or self._rising is not None

    def _build(self) -> None:
        """Compiles in another thread: keys are revoked within a second also while a large plan is compiled."""
        if self._stopping is not None:
            return
        self._wanted = self._is_busy()
        if not self._wanted:
            self._building = True
            threading.Thread(target=self._compile, name="yett-compile", daemon=True).start()

    def _compile(self) -> None:
        try:
            self._events.put(Built(accept(self._path), ()))
        except PlanError as error:
            self._events.put(Built(None, tuple(map(str, error.problems))))
        except Exception as error:
            # A fault of Yett's own must not take the gateway, whose plan is sound, with it.
            self._events.put(Built(None, (f"{type(error).__name__}: {error}",)))

    def _built(self, built: Built) -> None:
        self._building = False
        if built.compiled is None:
            self._log.error("the changed plan is refused, the old one stays", plan=self._compiled.hash)
            for problem in built.problems:
                self._log.error(problem)
            return
        self._watch.follow(built.compiled.files)
        if built.compiled.hash == self._compiled.hash and not self._needs_a_child(built.compiled):
            self._log.info("the plan is unchanged", plan=self._compiled.hash)
            return
        try:
            self._offer(built.compiled)
        except CannotServe as error:
            self._log.error("the changed plan is refused, the old one stays", why=error, plan=self._compiled.hash)

    def _offer(self, compiled: Compiled) -> None:
        path = keep_plan(compiled)
        if self._child is None or self._needs_a_child(compiled):
            self._stock = Stock(compiled)
            self._rising = (self._spawn(compiled, path), compiled)
        elif self._child.send(plan=str(path), id="plan"):
            self._offered = compiled

    def _needs_a_child(self, compiled: Compiled) -> bool:
        """Whether something changed that a child is only told when it starts."""
        new, old = compiled.source.plan, self._compiled.source.plan
        fixed = [
            (plan.gateway.listen, plan.gateway.admin, plan.gateway.threads, plan.log, plan.store) for plan in (new, old)
        ]
        return fixed[0] != fixed[1] or Stock.differs(compiled, self._compiled)

    def _answered(self, message: Message) -> None:
        offered, self._offered = self._offered, None
        if offered is None:
            return
        if "refused" in message:
            self._log.error("the changed plan is refused by the engine, the old one stays", why=message["refused"])
            return
        self._compiled = offered
        self._log.info("plan reloaded", plan=offered.hash)
        for finding in offered.findings:
            if finding.kind != "note":
                self._log.warning(str(finding))

    def _tell_keys(self) -> None:
        if self._child is None:
            return
        try:
            changed = self._stock.changed()
        except CannotServe as error:
            self._log.error("keys cannot be read, the old ones stay", why=error)
            self._store_at += LONGEST_BACKOFF
            return
        if changed is not None and not self._child.send(keys=changed, id="keys"):
            self._stock.forget()

    # the end

    def _stop(self) -> None:
        if self._stopping is not None:
            self._kill_all("it was asked again")
            return
        seconds = self._compiled.source.plan.gateway.timeouts.drain / 1000
        self._stopping = time.monotonic() + seconds + GRACE_SECONDS
        self._restart_at = None
        self._log.info("gateway drains", seconds=f"{seconds:.0f}")
        rising = [self._rising[0]] if self._rising else []
        for child in [*([self._child] if self._child else []), *rising]:
            child.send(drain=None)

    def _children(self) -> list[Child]:
        rising = [self._rising[0]] if self._rising else []
        return [*([self._child] if self._child else []), *rising, *self._falling]

    def _kill_all(self, why: str) -> None:
        for child in self._children():
            self._log.warning("the child is killed", why=why, pid=child.pid)
            child.kill()
        self._stopping = time.monotonic() + GRACE_SECONDS

    def _end_all(self) -> None:
        for child in self._children():
            child.kill()
            child.wait(GRACE_SECONDS)
        self._child, self._rising, self._falling = None, None, set()
        self._sockets.keep([])

    def _set_log(self) -> None:
        log = self._compiled.source.plan.log
        self._log = self._given_log or Log(log.level, log.format)
