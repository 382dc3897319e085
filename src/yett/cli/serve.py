"""The verb `serve`: the gateway in the foreground, until a signal. What it does stands in `serve`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from yett.cli.terminal import DEFAULT_PLAN, CannotRun, PlanOption, wrong

if TYPE_CHECKING:
    from yett.serve.supervisor import Supervisor


def serve(plan: PlanOption = DEFAULT_PLAN) -> None:
    """Run the gateway. SIGHUP reloads, SIGUSR2 starts a new child and drains the old one, SIGTERM and Ctrl-C drain."""
    from yett.policy.findings import PlanError
    from yett.serve.sockets import CannotServe
    from yett.serve.supervisor import Supervisor

    supervisor = Supervisor(plan)
    _on_signals(supervisor)
    try:
        supervisor.start()
    except PlanError as error:
        raise CannotRun(wrong(error, plan)) from None
    except CannotServe as error:
        raise CannotRun(str(error) if error.placed else f"{plan}: {error}") from None
    supervisor.run()


def _on_signals(supervisor: Supervisor) -> None:
    def stop(_: int, __: object) -> None:
        supervisor.ask("stop")

    def reload(_: int, __: object) -> None:
        supervisor.ask("reload")

    def restart(_: int, __: object) -> None:
        supervisor.ask("restart")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGUSR2, restart)
