"""What one process keeps for an app: the shell, and a thread that watches plan and keys. No request is seen here."""

from __future__ import annotations

import fcntl
import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yett._engine import Clock, PlanFault, Shell
from yett.serve.log import Log
from yett.serve.sockets import CannotServe
from yett.serve.stock import DEADLINE_MS, Stock, keep_plan
from yett.serve.watch import Watch

if TYPE_CHECKING:
    from yett.policy.compile import Compiled

TICK_SECONDS = 0.2


def _accept(path: Path) -> Compiled:
    """The compiler is imported when a plan is compiled: importing the app's wrapper must stay cheap."""
    from yett.policy.check import accept  # noqa: PLC0415

    return accept(path)


class Keeper:
    """One plan in one process: compiled when it is built, in force from the first request on."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises `PlanError`."""
        self._path, self._clock = path, clock
        self._compiled = _accept(path)
        self._lock = threading.Lock()
        self._shell: Shell | None = None
        self._plan_lock: Any = None
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def body_seconds(self) -> float:
        """How long a client may take for a body."""
        return self._compiled.source.plan.gateway.timeouts.body / 1000

    def shell(self) -> Shell:
        """The shell of this process. Raises `CannotServe`."""
        if self._shell is not None:
            return self._shell
        with self._lock:
            if self._shell is None:
                self._shell = self._start(self._compiled)
            return self._shell

    def close(self) -> None:
        """Ends the watching."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
        if self._shell is not None:
            self._shell.close()
        if self._plan_lock is not None:
            self._plan_lock.close()

    def _start(self, compiled: Compiled) -> Shell:
        self._alone(compiled)
        log = compiled.source.plan.log
        self._log = Log(log.level, log.format)
        stock = Stock(compiled)
        path = keep_plan(compiled)
        config = stock.config(compiled, path)
        pepper = bytes.fromhex(config["pepper"]) if "pepper" in config else None
        shell = Shell(compiled.plan, pepper, self._clock, DEADLINE_MS, compiled.source.folder.resolve())
        shell.set_keys(json.dumps(config.get("keys", [])))
        watch = Watch(compiled.files)
        self._watcher = threading.Thread(target=self._keep, args=(shell, stock, watch), name="yett-watch", daemon=True)
        self._watcher.start()
        self._log.info("app is guarded", plan=compiled.hash)
        return shell

    def _alone(self, compiled: Compiled) -> None:
        """Counters are this process's own, so a second process would double every limit."""
        if compiled.source.plan.danger_state_per_process:
            return
        self._plan_lock = self._path.open("rb")
        try:
            fcntl.flock(self._plan_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._plan_lock.close()
            raise CannotServe(
                f"{self._path}: another process already serves this plan, and `state: memory` counts in each alone;"
                " run one worker, or set danger_state_per_process: true"
            ) from None

    def _keep(self, shell: Shell, stock: Stock, watch: Watch) -> None:
        while not self._closing.wait(TICK_SECONDS):
            try:
                if (rows := stock.changed()) is not None:
                    shell.set_keys(json.dumps(rows))
            except CannotServe as error:
                self._log.error("the store cannot be read; the keys known last stay", error=error)
            if watch.poll(time.monotonic()):
                self._reload(shell, watch)

    def _reload(self, shell: Shell, watch: Watch) -> None:
        from yett.policy.findings import PlanError  # noqa: PLC0415

        try:
            compiled = _accept(self._path)
            shell.swap(compiled.plan)
            keep_plan(compiled)
        except (PlanError, PlanFault, CannotServe) as error:
            self._log.error("the changed plan is refused, the old one stays", error=error)
            return
        self._compiled = compiled
        watch.follow(compiled.files)
        self._log.info("plan is in force", plan=compiled.hash)
