"""The parent: opens sockets, compiles, watches, starts the child and tells it of every change. It never sees a request.

All that happens is an event in one queue, and one thread takes them: nothing here is locked. A bad plan is refused with
its errors in the log, and the old one stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

from yett.policy.certificates import ending
from yett.policy.certificates import now as the_time
from yett.policy.check import accept
from yett.policy.compile import Compiled
from yett.policy.findings import PlanError
from yett.serve.child import Child, Message
from yett.serve.children import Charge, Children
from yett.serve.events import Ask, Built, Event, Looked, Told
from yett.serve.files import named_files
from yett.serve.log import Log
from yett.serve.sockets import CannotServe, Sockets
from yett.serve.stock import Stock, certificates, keep_plan
from yett.serve.watch import Watch

TICK_SECONDS = 0.1
STORE_SECONDS = 0.25
STORE_TROUBLE_SECONDS = 5.0
READY_SECONDS = 60.0
DAY_SECONDS = 86_400.0
GRACE_SECONDS = 5.0
REFUSED = "the changed plan is refused, the old one stays"


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
        """`listen` gives the address to open for one of the plan's; `clock` stands still at so many nanoseconds."""
        self._path, self._given_log = plan, log
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._sockets = Sockets(listen)
        self._children = Children(self._sockets, clock, lambda child, message: self._events.put(Told(child, message)))
        self._offered: Compiled | None = None  # the child was told of it, and has not answered
        self._shown: Compiled | None = None  # the child was told of its certificates, and has not answered
        self._building = False
        self._wanted = False  # files changed while a change was under way
        self._replacing = False  # another child is asked for
        self._refused: tuple[str, ...] = ()  # said already
        self._stopping: float | None = None
        self._looking = False
        self._store_at = 0.0
        self._day_at = time.monotonic() + DAY_SECONDS

    # what others may ask, from any thread

    def ask(self, what: Ask) -> None:
        """Stop (drain; a second time: at once), reload, or restart (another child, and the old one drains)."""
        self._events.put(what)

    @property
    def listening(self) -> list[str]:
        """Where clients connect, once it has started."""
        gateway = self._charge.compiled.source.plan.gateway
        return self._sockets.names(listen.address for listen in gateway.listen)

    @property
    def url(self) -> str:
        """Where clients connect first."""
        return f"{'https' if self._charge.compiled.tls[0] else 'http'}://{self.listening[0]}"

    @property
    def admin(self) -> str | None:
        """Where metrics are, once it has started."""
        admin = self._charge.compiled.source.plan.gateway.admin
        return self._sockets.names([admin])[0] if admin else None

    @property
    def plan_hash(self) -> str:
        """The plan in force."""
        return self._charge.compiled.hash

    @property
    def child_pid(self) -> int | None:
        """The process that serves."""
        return self._children.serving.pid if self._children.serving else None

    # life

    def start(self) -> None:
        """Serves when this returns. Raises `PlanError`, `CannotServe`."""
        began = time.time_ns()
        self._watch = Watch(named_files(self._path))  # seen before it is read: no change is missed
        compiled = accept(self._path)
        self._watch.follow(compiled.files, began)
        self._take_charge(Charge.of(compiled))
        try:
            self._await_ready(self._children.start(self._charge))
        except CannotServe:
            self._children.end(GRACE_SECONDS)
            raise
        self._log.serves("gateway serves", self.listening, compiled)
        self._log.findings(compiled.findings)

    def run(self) -> None:
        """Returns when the gateway has drained."""
        try:
            while self._stopping is None or self._children.all():
                self._step()
        finally:
            self._children.end(GRACE_SECONDS)
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
                self._refused = ()
                if self._children.serving:
                    self._send(self._children.serving, reopen=None)
                self._build()
            case "restart":
                self._log.info("a restart was asked for")
                self._replacing = True
            case Built():
                self._built(event)
            case Looked():
                self._looked(event)
            case Told(child, None):
                self._ended(child)
            case Told(child, message):
                self._told(child, message or {})

    def _tick(self, now: float) -> None:
        if self._stopping is not None:
            if now >= self._stopping:
                self._kill("it did not drain in time")
            return
        if self._watch.poll(now) or (self._wanted and not self._is_busy()):
            self._build()
        if self._replacing and not self._is_busy():
            self._replace()
        if self._children.restart_at is not None and now >= self._children.restart_at:
            self._restart()
        if now >= self._store_at:
            self._store_at = now + STORE_SECONDS
            self._look_for_keys()
        if now >= self._day_at:
            self._day_at = now + DAY_SECONDS
            # A gateway that is not touched for months must not let a certificate end in silence.
            self._log.findings(ending(self._charge.compiled.tls, the_time()))

    # children

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except Empty:
                break
            if event == "stop":
                raise CannotServe("stopped before it served")
            if isinstance(event, Told) and event.message is None:
                raise CannotServe(f"the child {child.pid} ended before it served; its words stand above")
            if isinstance(event, Told) and event.message and "ready" in event.message:
                return
        raise CannotServe(f"the child was not ready within {READY_SECONDS:.0f} s")

    def _ended(self, child: Child) -> None:
        code = child.wait()
        which = self._children.ended(child)
        if which == "drained":
            self._log.info("the old child has drained", pid=child.pid)
        elif which == "rising":
            self._sockets.keep(self._charge.addresses)
            self._log.error("the new child ended before it served; the old one stays", code=code)
        elif which == "serving" and self._stopping is None:
            self._wanted = self._wanted or self._is_told()
            self._offered = self._shown = None
            seconds = self._children.restart_later()
            self._log.error("the child ended; it is started again", code=code, seconds=f"{seconds:.1f}")

    def _restart(self) -> None:
        try:
            self._children.start(self._charge)
        except CannotServe as error:
            self._log.error("the child cannot be started", why=error)
            self._children.restart_later()

    def _replace(self) -> None:
        self._replacing = False
        try:
            self._children.raise_up(Charge.of(self._charge.compiled))
        except CannotServe as error:
            self._log.error("no new child can be started; the old one stays", why=error)

    def _told(self, child: Child, message: Message) -> None:
        if "ready" in message:
            self._ready(child)
        elif message.get("id") == "plan":
            self._answered(message)
        elif message.get("id") == "tls":
            self._answered_certificates(message)
        elif message.get("id") == "keys" and "refused" in message:
            self._log.error("the child refuses the keys", why=message["refused"])
        elif message.get("id") == "keys":
            self._log.info("keys changed", count=message.get("keys"))

    def _ready(self, child: Child) -> None:
        charge = self._children.ready(child)
        if charge is None:
            self._log.info("the child serves again", pid=child.pid)
            return
        self._take_charge(charge)
        self._log.serves("a new child serves", self.listening, charge.compiled)
        self._log.findings(charge.compiled.findings)

    def _take_charge(self, charge: Charge) -> None:
        self._charge = charge
        log = charge.compiled.source.plan.log
        self._log = self._given_log or Log(log.level, log.format)

    def _send(self, child: Child, **message: object) -> bool:
        """Tells a child; one that cannot be told of changes must not serve on: its keys would never be revoked."""
        if child.send(**message):
            return True
        self._log.error("the child cannot be told of changes, and is ended", pid=child.pid)
        child.kill()
        return False

    # changes

    def _is_busy(self) -> bool:
        return self._building or self._is_told() or self._children.rising is not None

    def _is_told(self) -> bool:
        return self._offered is not None or self._shown is not None

    def _build(self) -> None:
        """Compiles in another thread: keys are revoked within a second also while a large plan is compiled."""
        if self._stopping is not None:
            return
        self._wanted = self._is_busy()
        if not self._wanted:
            self._building = True
            threading.Thread(target=self._compile, name="yett-compile", daemon=True).start()

    def _compile(self) -> None:
        began = time.time_ns()
        try:
            self._events.put(Built(began, accept(self._path)))
        except PlanError as error:
            self._events.put(Built(began, None, tuple(map(str, error.problems)), error.files))
        except Exception as error:
            # A fault of Yett's own must not take the gateway, whose plan is sound, with it.
            self._events.put(Built(began, None, (f"{type(error).__name__}: {error}",)))

    def _built(self, built: Built) -> None:
        self._building = False
        if self._stopping is not None:
            return
        old = self._charge.compiled
        if built.compiled is None:
            self._watch.follow({*old.files, *named_files(self._path), *built.tried}, built.began)
            self._say_refused(built.problems)
            return
        self._refused = ()
        self._watch.follow(built.compiled.files, built.began)
        kept = built.compiled.source.plan.plans == old.source.plan.plans
        if built.compiled.hash == old.hash and kept and not self._needs_a_child(built.compiled):
            self._log.info("the plan is unchanged", plan=old.hash)
            self._certify(built.compiled)
            return
        try:
            self._offer(built.compiled)
        except CannotServe as error:
            self._sockets.keep(self._charge.addresses)
            self._log.error(REFUSED, why=error, plan=old.hash)

    def _say_refused(self, problems: tuple[str, ...]) -> None:
        """Once, though several files change that the same problems come of."""
        if problems == self._refused:
            return
        self._refused = problems
        self._log.error(REFUSED, plan=self.plan_hash)
        for problem in problems:
            self._log.error(problem)

    def _offer(self, compiled: Compiled) -> None:
        serving = self._children.serving
        if serving is None or self._needs_a_child(compiled):
            self._children.raise_up(Charge.of(compiled))
        elif self._send(serving, plan=str(keep_plan(compiled)), id="plan"):
            self._offered = compiled
        else:
            self._wanted = True  # tell the next one

    def _needs_a_child(self, compiled: Compiled) -> bool:
        """Whether something changed that a child is only told when it starts."""
        new, old = compiled.source.plan, self._charge.compiled.source.plan
        fixed = [(plan.gateway.listen, plan.gateway.admin, plan.gateway.threads, plan.log) for plan in (new, old)]
        return fixed[0] != fixed[1] or not self._charge.stock.serves(compiled)

    def _answered(self, message: Message) -> None:
        offered, self._offered = self._offered, None
        if offered is None:
            return
        if "refused" in message:
            self._log.error(REFUSED, why=message["refused"], plan=self.plan_hash)
            return
        # Its certificates are in force when the child has taken them: a restart must not begin with what it refuses.
        self._charge = Charge(replace(offered, tls=self._charge.compiled.tls), self._charge.stock)
        self._log.info("plan reloaded", plan=offered.hash)
        self._log.findings(offered.findings)
        self._certify(offered)

    def _certify(self, compiled: Compiled) -> None:
        """Hands on other certificates, if there are any: they are in no plan."""
        serving = self._children.serving
        if compiled.tls == self._charge.compiled.tls or serving is None:
            return
        if self._send(serving, tls=certificates(compiled), id="tls"):
            self._shown = compiled
        else:
            self._wanted = True  # tell the next one

    def _answered_certificates(self, message: Message) -> None:
        shown, self._shown = self._shown, None
        if shown is None:
            return
        if "refused" in message:
            self._log.error("the child refuses the certificates, the old ones stay", why=message["refused"])
            return
        self._charge = Charge(shown, self._charge.stock)
        self._log.info("certificates changed", listeners=message.get("tls"))
        self._log.findings(shown.findings)

    def _look_for_keys(self) -> None:
        """Looks in another thread: a database that does not answer holds up no plan, no child and no end."""
        stock = self._charge.stock
        if self._children.serving is not None and stock.is_open and not self._looking:
            self._looking = True
            threading.Thread(target=self._look, args=(stock,), name="yett-keys", daemon=True).start()

    def _look(self, stock: Stock) -> None:
        try:
            self._events.put(Looked(stock, stock.look()))
        except CannotServe as error:
            self._events.put(Looked(stock, None, str(error)))
        except Exception as error:
            self._events.put(Looked(stock, None, f"{type(error).__name__}: {error}"))

    def _looked(self, looked: Looked) -> None:
        self._looking = False
        serving, stock = self._children.serving, self._charge.stock
        if looked.why:
            self._log.error("keys cannot be read, the old ones stay", why=looked.why)
            self._store_at += STORE_TROUBLE_SECONDS
        elif looked.found is None or looked.stock is not stock or serving is None or not stock.take(looked.found):
            return
        elif not self._send(serving, keys=looked.found.rows, id="keys"):
            stock.forget()

    # the end

    def _stop(self) -> None:
        if self._stopping is not None:
            self._kill("it was asked again")
            return
        seconds = self._charge.compiled.source.plan.gateway.timeouts.drain / 1000
        self._stopping = time.monotonic() + seconds + GRACE_SECONDS
        self._log.info("gateway drains", seconds=f"{seconds:.0f}")
        for child in self._children.all():
            self._send(child, drain=None)

    def _kill(self, why: str) -> None:
        for child in self._children.all():
            self._log.warning("the child is killed", why=why, pid=child.pid)
            child.kill()
        self._stopping = time.monotonic() + GRACE_SECONDS
