"""Builds the shop: routes, middleware and state put together; no route and no fault of its own."""

from pathlib import Path

from fastapi import FastAPI

from ..issuer import Issuer
from . import hidden, items, orders, users
from .middleware import clean_path, office_only, tell_errors


def build(database: Path, issuer: Issuer) -> FastAPI:
    """The shop on the database at `database`, whose login signs with `issuer`."""
    app = FastAPI(title="orders", openapi_url=None)  # its description is kept by hand: openapi.yaml
    app.state.database = database
    app.state.issuer = issuer
    app.get("/health")(health)
    for part in (orders, users, items, hidden):
        app.include_router(part.router)
    for step in (clean_path, office_only, tell_errors):  # the last one added is the first to see a request
        app.middleware("http")(step)
    return app


def health() -> dict[str, str]:
    """Says that the shop is up."""
    return {"status": "up"}
