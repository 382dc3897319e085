"""Keeps a shell current: keys within a second, the plan when a file of it changes. Two threads; sees no request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yett._engine import Shell
from yett.serve.asgi.compiling import accept, tried, wrongs
from yett.serve.files import named_files
from yett.serve.log import Log
from yett.serve.sockets import CannotServe
from yett.serve.stock import Stock, keep_plan
from yett.serve.watch import Watch

if TYPE_CHECKING:
    from yett.policy.compile import Compiled

TICK_SECONDS = 0.2
TROUBLE_SECONDS = 5.0
REFUSED = "the changed plan is refused, the old one stays"


@dataclass(frozen=True)
class Renewed:
    """What is kept current: the plan at `path` in `shell`, with the keys of `stock`. `took` hears of each plan."""

    path: Path
    shell: Shell
    stock: Stock
    watch: Watch
    took: Callable[[Compiled], None]


class Renewal:
    """Looks at keys and files from when it is made until it is closed."""

    def __init__(self, renewed: Renewed, compiled: Compiled) -> None:
        """`compiled` is the plan in force."""
        self._renewed, self._compiled = renewed, compiled
        self._log = _log(compiled)
        self._closing = threading.Event()
        self._reloading: threading.Thread | None = None
        self._watching = threading.Thread(target=self._keep, name="yett-watch", daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Ends both threads."""
        self._closing.set()
        self._watching.join()
        if self._reloading is not None:
            self._reloading.join()

    def _keep(self) -> None:
        keys_at = files_at = 0.0
        while not self._closing.wait(TICK_SECONDS):
            now = time.monotonic()
            if now >= keys_at:
                keys_at = now + self._pause_after(self._tell_keys, "keys cannot be read, the old ones stay")
            if now >= files_at:
                files_at = now + self._pause_after(self._look_at_files, "the plan cannot be watched, the old one stays")

    def _pause_after(self, look: Callable[[], None], failed: str) -> float:
        """Seconds until the next look. No fault in one may end them: revoked keys would stay in force."""
        try:
            look()
        except Exception as error:
            self._log.error(failed, why=_told(error))
            return TROUBLE_SECONDS
        return 0.0

    def _tell_keys(self) -> None:
        rows = self._renewed.stock.changed()
        if rows is None:
            return
        try:
            self._renewed.shell.set_keys(json.dumps(rows))
        except Exception:
            self._renewed.stock.forget()
            raise

    def _look_at_files(self) -> None:
        """Compiles in another thread: keys are revoked within a second also while a large plan is compiled."""
        under_way = self._reloading is not None and self._reloading.is_alive()
        if not under_way and self._renewed.watch.poll(time.monotonic()):
            self._reloading = threading.Thread(target=self._reload, name="yett-compile", daemon=True)
            self._reloading.start()

    def _reload(self) -> None:
        watch, path, began = self._renewed.watch, self._renewed.path, time.time_ns()
        try:
            compiled = accept(path)
            watch.follow(compiled.files, began)
            if not self._closing.is_set():
                self._take(compiled)
        except Exception as error:
            watch.follow({*self._compiled.files, *named_files(path), *tried(error)}, began)
            self._say_refused(error)

    def _take(self, compiled: Compiled) -> None:
        self._check_fixed(compiled)
        keep_plan(compiled)
        self._renewed.shell.swap(compiled.plan)
        changed = compiled.hash != self._compiled.hash
        self._compiled, self._log = compiled, _log(compiled)
        self._renewed.took(compiled)
        self._log.info("plan reloaded" if changed else "the plan is unchanged", plan=compiled.hash)

    def _check_fixed(self, compiled: Compiled) -> None:
        """Refuses what a shell is only told when it starts."""
        new, old = compiled.source.plan, self._compiled.source.plan
        if new.plans != old.plans or new.danger_state_per_process != old.danger_state_per_process:
            raise CannotServe("found another `plans` or `danger_state_per_process`: the app needs a restart for it")
        if not self._renewed.stock.serves(compiled):
            raise CannotServe("found another `store`, or the plan's first `api_key`: the app needs a restart for it")

    def _say_refused(self, error: Exception) -> None:
        problems = wrongs(error)
        if problems is None:
            self._log.error(REFUSED, why=_told(error), plan=self._compiled.hash)
            return
        self._log.error(REFUSED, plan=self._compiled.hash)
        for problem in problems:
            self._log.error(problem)


def _log(compiled: Compiled) -> Log:
    log = compiled.source.plan.log
    return Log(log.level, log.format)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, CannotServe) else f"{type(error).__name__}: {error}"
