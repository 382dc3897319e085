"""Items of the shop: the list for customers, and the stock that a partner's warehouse reports."""

from typing import Any

from fastapi import APIRouter, HTTPException

from .database import select, update
from .request import Body, Database

router = APIRouter()


@router.get("/items")
def list_items(database: Database, category: str = "") -> list[dict[str, Any]]:
    """The items, of one category or of all."""
    return select(database, "SELECT * FROM items WHERE ? IN ('', category) ORDER BY sku", category)


@router.put("/items/{sku}/stock")
def report_stock(database: Database, sku: str, body: Body) -> dict[str, Any]:
    """Sets the stock of an item. FAULT: the key in X-API-Key is not looked at."""
    update(database, "items", ("sku", sku), {"stock": body["stock"]})
    rows = select(database, "SELECT * FROM items WHERE sku = ?", sku)
    if not rows:
        raise HTTPException(404, f"no item {sku}")
    return rows[0]
