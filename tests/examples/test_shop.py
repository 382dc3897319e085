"""The shop serves who means well, and its description says what it serves."""

import pytest
from orders.places import HERE
from orders.shop.app import build
from orders.shop.database import ORDER_OF_ALICE, ORDER_OF_BOB
from ruamel.yaml import YAML

HIDDEN = {("GET", "/debug/state"), ("GET", "/admin/export")}
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def description():
    return YAML(typ="safe").load(HERE / "openapi.yaml")


def described(description):
    return {
        (method.upper(), path) for path, item in description["paths"].items() for method in item if method in METHODS
    }


def test_description_names_every_route_but_the_hidden_ones(description):
    routes = described(build(HERE / "absent.db", issuer=None).openapi())
    assert routes - described(description) == HIDDEN
    assert described(description) <= routes


def test_every_operation_but_health_says_what_it_needs(description):
    silent = [
        operation["operationId"]
        for item in description["paths"].values()
        for method, operation in item.items()
        if method in METHODS and "security" not in operation
    ]
    assert silent == ["health"]
    assert set(description["components"]["securitySchemes"]) == {"bearer", "key"}


def test_orders_are_listed_by_status_and_note(stage):
    alice = stage.bearer("alice")
    for query, ids in [({}, [ORDER_OF_ALICE]), ({"q": "twice"}, [ORDER_OF_ALICE]), ({"status": "paid"}, [])]:
        assert [order["id"] for order in stage.client.get("/orders", params=query, headers=alice).json()] == ids


def test_an_order_is_placed_read_and_changed(stage):
    alice = stage.bearer("alice")
    placed = stage.client.post("/orders", json={"sku": "BK-0001", "quantity": 2}, headers=alice)
    assert placed.status_code == 201
    assert placed.json() | {"id": ""} == {
        "id": "",
        "owner": "alice",
        "sku": "BK-0001",
        "quantity": 2,
        "status": "open",
        "note": "",
        "price_cents": 3800,
    }
    path = f"/orders/{placed.json()['id']}"
    assert stage.client.get(path, headers=alice).json() == placed.json()
    changed = stage.client.patch(path, json={"note": "soon"}, headers=alice)
    assert changed.json() == placed.json() | {"note": "soon"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/orders/{ORDER_OF_BOB[:-1]}9", None),
        ("POST", "/orders", {"sku": "ZZ-0000", "quantity": 1}),
        ("PUT", "/items/ZZ-0000/stock", {"stock": 1}),
    ],
)
def test_what_is_absent_is_a_404(stage, method, path, body):
    answer = stage.client.request(method, path, json=body, headers=stage.bearer("alice"))
    assert answer.status_code == 404
    assert answer.json().keys() == {"detail"}


def test_the_item_list_is_filtered(stage):
    items = stage.client.get("/items", params={"category": "tool"}, headers=stage.bearer("alice")).json()
    assert [item["sku"] for item in items] == ["TL-0007"]


def test_the_admin_sees_the_users(stage):
    users = stage.client.get("/users", headers=stage.bearer("admin")).json()
    assert [user["name"] for user in users] == ["admin", "alice", "bob"]


def test_no_token_is_a_401_and_a_large_order_a_422(stage):
    assert stage.client.get("/orders").status_code == 401
    large = {"sku": "BK-0001", "quantity": 11}
    assert stage.client.post("/orders", json=large, headers=stage.bearer("alice")).status_code == 422


def test_the_export_is_closed_by_its_own_path(stage):
    assert stage.client.get("/admin/export").status_code == 403
