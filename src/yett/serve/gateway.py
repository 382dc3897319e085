"""A gateway that a Python program runs beside itself: `with Gateway("yett.yaml") as gateway`. With a real child."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from yett.serve.log import Log
from yett.serve.supervisor import Supervisor


class Gateway:
    """Serves a plan from `__enter__` to `__exit__`; `url` is where. Raises `PlanError`, `CannotServe` on entry."""

    def __init__(
        self, plan: str | Path, *, port: int | None = 0, clock: int | None = None, log: Log | None = None
    ) -> None:
        """`port` takes the place of the plan's ports (0: free ones; none: the plan's own); `clock` are nanoseconds."""
        self._supervisor = Supervisor(Path(plan), listen=_on_port(port), clock=clock, log=log or Log("error"))
        self._stopped = False
        self._thread = threading.Thread(target=self._supervisor.run, name="yett-supervisor", daemon=True)

    def __enter__(self) -> Self:
        """Returns when it serves."""
        self._supervisor.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drains."""
        self.stop()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where clients connect first."""
        return self._supervisor.url

    @property
    def admin_url(self) -> str | None:
        """Where metrics and health are."""
        admin = self._supervisor.admin
        return f"http://{admin}" if admin else None

    @property
    def plan_hash(self) -> str:
        """The plan in force."""
        return self._supervisor.plan_hash

    @property
    def child_pid(self) -> int | None:
        """The process that serves."""
        return self._supervisor.child_pid

    def stop(self) -> None:
        """Begins to drain."""
        if not self._stopped:
            self._stopped = True
            self._supervisor.ask("stop")

    def reload(self) -> None:
        """As SIGHUP does."""
        self._supervisor.ask("reload")

    def restart(self) -> None:
        """As SIGUSR2 does."""
        self._supervisor.ask("restart")


def _on_port(port: int | None) -> Callable[[str], str]:
    def address(planned: str) -> str:
        return planned if port is None else f"{planned.rpartition(':')[0]}:{port}"

    return address
