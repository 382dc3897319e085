"""What one process keeps for an app: the plan, the shell, the plan's lock. No request is seen here."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from yett._engine import Clock, Shell
from yett.serve.asgi.alone import lock
from yett.serve.asgi.compiling import accept
from yett.serve.asgi.held import Budget, Held
from yett.serve.asgi.renewal import Renewal, Renewed
from yett.serve.files import named_files
from yett.serve.log import Log
from yett.serve.stock import DEADLINE_MS, Stock, keep_plan
from yett.serve.watch import Watch

if TYPE_CHECKING:
    from yett.policy.compile import Compiled


@dataclass(frozen=True)
class _Started:
    """What stands from the start to the end of serving."""

    lock: BinaryIO | None
    shell: Shell
    renewal: Renewal


class Keeper:
    """One plan in one process: compiled when it is built, in force from the start of serving on."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises `PlanError`."""
        self._path, self._clock = path, clock
        began = time.time_ns()
        self._watch = Watch(named_files(path))  # seen before it is read: no change is missed
        self._compiled = accept(path)
        self._watch.follow(self._compiled.files, began)
        self._budget = Budget()
        self._lock = threading.Lock()
        self._started: _Started | None = None

    @property
    def body_seconds(self) -> float:
        """How long a client may take for a body."""
        return self._compiled.source.plan.gateway.timeouts.body / 1000

    @property
    def app_seconds(self) -> float:
        """How long the app may take for the head of a reply: the longest `upstream.timeout`, for it is one app."""
        return max(api.upstream.timeout for api in self._compiled.source.plan.apis.values()) / 1000

    def held(self) -> Held:
        """What a request takes out of the budget of held bodies."""
        return Held(self._budget, self._compiled.source.plan.gateway.held)

    def shell(self) -> Shell:
        """The shell of this process, which starts to serve where it does not yet. Raises `CannotServe`."""
        started = self._started
        if started is None:
            with self._lock:
                started = self._started = self._started or self._start(self._compiled)
        return started.shell

    def close(self) -> None:
        """Ends the watching, writes the evidence that waits, gives the plan's lock up. A request starts it again."""
        with self._lock:
            started, self._started = self._started, None
            if started is None:
                return
            started.renewal.close()
            started.shell.close()
            if started.lock is not None:
                started.lock.close()

    def _start(self, compiled: Compiled) -> _Started:
        held = lock(compiled)
        try:
            stock = Stock(compiled)
            config = stock.config(compiled, keep_plan(compiled))
            pepper = bytes.fromhex(config["pepper"]) if "pepper" in config else None
            shell = Shell(compiled.plan, pepper, self._clock, DEADLINE_MS, compiled.source.folder.resolve())
            shell.set_keys(json.dumps(config.get("keys", [])))
            renewal = Renewal(Renewed(self._path, shell, stock, self._watch, self._take), compiled)
        except BaseException:
            if held is not None:
                held.close()
            raise
        log = compiled.source.plan.log
        Log(log.level, log.format).info("app is guarded", plan=compiled.hash)
        return _Started(held, shell, renewal)

    def _take(self, compiled: Compiled) -> None:
        self._compiled = compiled
