"""What the description does not name: FAULT: a debug page that was never taken out, and an export for the office."""

import os
from typing import Any

from fastapi import APIRouter

from .database import select
from .request import Database

router = APIRouter()


@router.get("/debug/state")
def debug_state(database: Database) -> dict[str, Any]:
    """The users with their hashes, and where the process runs. FAULT: for everybody."""
    return {"users": select(database, "SELECT * FROM users"), "folder": os.getcwd(), "database": str(database)}


@router.get("/admin/export")
def export(database: Database) -> list[dict[str, Any]]:
    """Every order. Only the office network should reach it; see `middleware.office_only`."""
    return select(database, "SELECT * FROM orders")
