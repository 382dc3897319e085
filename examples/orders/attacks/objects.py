"""Attacks on objects and their properties: those of others, those that nobody may set, those that nobody should see."""

from ..shop.database import ORDER_OF_ALICE, ORDER_OF_BOB
from .attack import Attack, Outcome, Stage, expect, judge, served
from .injection import read_own


def read_foreign(stage: Stage) -> Outcome:
    """Alice reads bob's order by its id."""
    answer = stage.client.get(f"/orders/{ORDER_OF_BOB}", headers=stage.bearer("alice"))
    note = answer.json()["note"] if answer.is_success else ""
    return judge(answer, "bob's order: " + note if "flower pot" in note else "")


def set_role(stage: Stage) -> Outcome:
    """Bob changes his email, and his role with it."""
    wish = {"email": "bob@example.com", "role": "admin"}
    answer = stage.client.patch("/me", json=wish, headers=stage.bearer("bob"))
    role = stage.rows("SELECT role FROM users WHERE name = 'bob'")[0]["role"]
    return judge(answer, "bob is admin in the database" if role == "admin" else "")


def set_price(stage: Stage) -> Outcome:
    """Bob orders ten hammers and names the price."""
    wish = {"sku": "TL-0007", "quantity": 10, "price_cents": 1}
    answer = stage.client.post("/orders", json=wish, headers=stage.bearer("bob"))
    cheap = stage.rows("SELECT id FROM orders WHERE price_cents = 1")
    return judge(answer, "ten hammers are sold for one cent" if cheap else "")


def see_everything(stage: Stage) -> Outcome:
    """Bob looks at his profile."""
    answer = stage.client.get("/me", headers=stage.bearer("bob"))
    leaked = sorted({"pin_hash", "internal_note"} & answer.json().keys()) if answer.is_success else []
    return judge(answer, f"the reply holds {' and '.join(leaked)}" if leaked else "")


def list_everyone(stage: Stage) -> Outcome:
    """Alice sets a parameter that no description names."""
    answer = stage.client.get("/orders", params={"everyone": "1"}, headers=stage.bearer("alice"))
    owners = {order["owner"] for order in answer.json()} if answer.is_success else set()
    return judge(answer, "a left-over parameter lists the orders of others" if owners - {"alice"} else "")


def change_email(stage: Stage) -> None:
    """Bob changes his email."""
    answer = stage.client.patch("/me", json={"email": "bob@example.net"}, headers=stage.bearer("bob"))
    served(answer, 200, email="bob@example.net", role="customer")


def order_one(stage: Stage) -> None:
    """Bob orders one hammer."""
    answer = stage.client.post("/orders", json={"sku": "TL-0007", "quantity": 1}, headers=stage.bearer("bob"))
    served(answer, 201, owner="bob", price_cents=2450)


def see_profile(stage: Stage) -> None:
    """Bob finds what the description promises in his profile."""
    served(stage.client.get("/me", headers=stage.bearer("bob")), 200, name="bob", email="bob@example.com")


def list_own(stage: Stage) -> None:
    """Alice lists her orders."""
    answer = served(stage.client.get("/orders", headers=stage.bearer("alice")), 200)
    expect("the list", [order["id"] for order in answer.json()], [ORDER_OF_ALICE])


ATTACKS = (
    Attack(
        "object-of-another-user",
        "an order of another user, by its id",
        "API1",
        read_foreign,
        read_own,
        later="owner",
    ),
    Attack(
        "field-role",
        "a field that nobody may set: the role",
        "API3",
        set_role,
        change_email,
        "contract.body.undeclared",
    ),
    Attack(
        "field-price",
        "a field that nobody may set: the price",
        "API3",
        set_price,
        order_one,
        "contract.body.undeclared",
    ),
    Attack(
        "fields-in-a-reply",
        "fields that nobody should see",
        "API3",
        see_everything,
        see_profile,
        "contract.reply.undeclared",
    ),
    Attack(
        "hidden-parameter",
        "a parameter that no description names",
        "API9",
        list_everyone,
        list_own,
        "contract.parameter.undeclared",
    ),
)
