"""Attacks on operations: those that a role or scope guards, those that nobody described, and paths that lead there."""

from ..shop.database import ALICE, BOB, ORDER_OF_BOB
from . import wire
from .attack import Attack, Outcome, Stage, expect, judge, served


def delete_as_customer(stage: Stage) -> Outcome:
    """Bob removes alice."""
    answer = stage.client.delete(f"/users/{ALICE}", headers=stage.bearer("bob"))
    gone = not stage.rows("SELECT id FROM users WHERE id = ?", ALICE)
    return judge(answer, "a customer removed alice's account" if gone else "")


def order_with_reading_token(stage: Stage) -> Outcome:
    """Bob's token for reading places an order."""
    reading = stage.bearer("bob", scope="orders:read")
    answer = stage.client.post("/orders", json={"sku": "TL-0007", "quantity": 1}, headers=reading)
    placed = stage.rows("SELECT id FROM orders WHERE owner = 'bob' AND id <> ?", ORDER_OF_BOB)
    return judge(answer, "a token for reading placed an order" if placed else "")


def find_debug_page(stage: Stage) -> Outcome:
    """A stranger tries a path that many applications have."""
    answer = stage.client.get("/debug/state")
    users = answer.json()["users"] if answer.is_success else []
    return judge(answer, f"the debug page shows {len(users)} users with their PIN hashes" if users else "")


def export(stage: Stage, target: str) -> Outcome:
    """A stranger asks for the office's export by a path that the check does not recognise."""
    answer = wire.fetch(stage, target)
    orders = answer.json() if answer.is_success else []
    return judge(answer, f"{target} exports {len(orders)} orders" if orders else "")


def delete_as_admin(stage: Stage) -> None:
    """The administrator removes bob."""
    served(stage.client.delete(f"/users/{BOB}", headers=stage.bearer("admin")), 204)
    expect("bob's row", stage.rows("SELECT id FROM users WHERE id = ?", BOB), [])


def order_with_writing_token(stage: Stage) -> None:
    """Bob's token for writing places an order."""
    writing = stage.bearer("bob", scope="orders:write")
    answer = stage.client.post("/orders", json={"sku": "TL-0007", "quantity": 1}, headers=writing)
    served(answer, 201, owner="bob")


def ask_health(stage: Stage) -> None:
    """A stranger asks whether the shop is up."""
    served(wire.fetch(stage, "/health"), 200, status="up")


ATTACKS = (
    Attack(
        "admin-operation",
        "the administrator's operation",
        "API5",
        delete_as_customer,
        delete_as_admin,
        "authorize.role.missing",
    ),
    Attack(
        "missing-scope",
        "a token for reading that writes",
        "API5",
        order_with_reading_token,
        order_with_writing_token,
        "authorize.scope.missing",
    ),
    Attack(
        "hidden-operation",
        "a page that no description names",
        "API9",
        find_debug_page,
        ask_health,
        "resolve.operation.unknown",
    ),
    Attack(
        "path-dots",
        "encoded dot segments around a check",
        "CWE-22",
        lambda stage: export(stage, "/health/%2e%2e/admin/export"),
        ask_health,
        "admit.path.dot_segment",
    ),
    Attack(
        "path-slashes",
        "a doubled slash around a check",
        "CWE-22",
        lambda stage: export(stage, "//admin/export"),
        ask_health,
        "admit.path.empty_segment",
    ),
)
