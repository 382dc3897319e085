"""`Yett(app, plan=...)`: an ASGI application that hands on what the plan permits. Scopes, and no more."""

from __future__ import annotations

from pathlib import Path

from yett._engine import Clock
from yett.serve.asgi.exchange import Exchange
from yett.serve.asgi.keeper import Keeper
from yett.serve.asgi.lifespan import live
from yett.serve.asgi.types import App, Receive, Scope, Send


class Yett:
    """An ASGI 3 application around another: the same plan, engine and answers as the gateway's."""

    def __init__(self, app: App, plan: str | Path = "yett.yaml", *, clock: int | Clock | None = None) -> None:
        """Compile the plan; `clock` is for tests: one of `yett._engine`, or nanoseconds since 1970 at which it stands.

        Raises `PlanError` with everything that is wrong. The plan is locked, and threads start, with the startup of
        `lifespan` or the first request, never before a fork.
        """
        from yett.policy.findings import PlanError  # noqa: PLC0415 - importing the wrapper must stay cheap

        self._app = app
        if not isinstance(clock, Clock):
            clock = Clock.system() if clock is None else Clock.fixed(clock)
        try:
            self._keeper = Keeper(Path(plan), clock)
        except PlanError as error:
            raise error.with_traceback(None) from None  # what is wrong is in the plan, not on the way here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge `http` and `websocket` scopes, start and end with `lifespan`; `ValueError` for any other kind."""
        if scope["type"] == "lifespan":
            await live(self._keeper, self._app, scope, receive, send)
        elif scope["type"] in {"http", "websocket"}:
            await Exchange(self._keeper, self._app, scope, receive, send).run()
        else:
            raise ValueError(f"ASGI scope {scope['type']!r}: expected http, websocket or lifespan")

    def close(self) -> None:
        """End the threads that watch plan and keys, write the evidence that waits, and give up the plan's lock."""
        self._keeper.close()
