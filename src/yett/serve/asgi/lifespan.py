"""The server's start and end: serving starts before the app's, and ends after it. No request is seen here."""

from __future__ import annotations

from yett.serve.asgi.keeper import Keeper
from yett.serve.asgi.types import App, Message, Receive, Scope, Send
from yett.serve.sockets import CannotServe

_ENDED = {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}


async def live(keeper: Keeper, app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """One `lifespan` scope: the server is told why it cannot start. An app that takes none raises, as without us."""
    first: list[Message] = [await receive()]
    try:
        keeper.shell()
    except CannotServe as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return

    async def received() -> Message:
        return first.pop() if first else await receive()

    async def sent(message: Message) -> None:
        if message["type"] in _ENDED:
            keeper.close()
        await send(message)

    await app(scope, received, sent)
