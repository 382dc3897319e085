"""What the shop does around every route: a check by path, the cleaning of paths, and errors told in full."""

import posixpath
import re
import traceback
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

Next = Callable[[Request], Awaitable[Response]]
OFFICE = "10.20."


async def tell_errors(request: Request, call_next: Next) -> Response:
    """FAULT: an error is answered with its stack trace."""
    try:
        answer = await call_next(request)
    except Exception:
        answer = PlainTextResponse(traceback.format_exc(), 500)
    answer.headers["X-Powered-By"] = "FastAPI"  # FAULT: tells what runs here
    return answer


async def office_only(request: Request, call_next: Next) -> Response:
    """Keeps /admin for the office network. FAULT: it judges the path that came, the router takes the cleaned one."""
    address = request.client.host if request.client else ""
    if request.scope["path"].startswith("/admin") and not address.startswith(OFFICE):
        return JSONResponse({"detail": "only from the office"}, 403)
    return await call_next(request)


async def clean_path(request: Request, call_next: Next) -> Response:
    """Repairs paths: `//` becomes `/`, `..` steps up. FAULT: after the check."""
    request.scope["path"] = posixpath.normpath(re.sub("/+", "/", request.scope["path"]))
    return await call_next(request)
