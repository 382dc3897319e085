"""Attacks that bring a statement of SQL to the database."""

from ..shop.database import ORDER_OF_ALICE, ORDER_OF_BOB
from .attack import Attack, Outcome, Stage, judge, served

HASHES = "SELECT id, name, 'BK-0001', 1, 'open', pin_hash, 1 FROM users"


def through_id(stage: Stage) -> Outcome:
    """Alice ends the id with a quote and asks for bob's order by its owner."""
    answer = stage.client.get("/orders/x' OR owner = 'bob' AND '1' = '1", headers=stage.bearer("alice"))
    stolen = answer.is_success and answer.json().get("id") == ORDER_OF_BOB
    return judge(answer, "a quote in the id reads bob's order" if stolen else "")


def through_integer(stage: Stage) -> Outcome:
    """Alice asks for as many rows as a guess about the admin's PIN hash is true, digit by digit."""
    for digit in "0123456789abcdef":
        guess = f"(SELECT substr(pin_hash, 1, 1) = '{digit}' FROM users WHERE name = 'admin')"
        answer = stage.client.get("/orders", params={"limit": guess}, headers=stage.bearer("alice"))
        if not answer.is_success or answer.json():
            break
    true = stage.rows("SELECT substr(pin_hash, 1, 1) AS digit FROM users WHERE name = 'admin'")[0]["digit"]
    told = answer.is_success and digit == true
    return judge(answer, "the row count tells the admin's PIN hash, digit by digit" if told else "")


def through_text(stage: Stage) -> Outcome:
    """Alice searches her notes and adds the table of the users."""
    answer = stage.client.get("/orders", params={"q": f"z' UNION {HASHES} --"}, headers=stage.bearer("alice"))
    hashes = {row["pin_hash"] for row in stage.rows("SELECT pin_hash FROM users")}
    stolen = hashes & {row["note"] for row in answer.json()} if answer.is_success else set()
    return judge(answer, f"{len(stolen)} PIN hashes come back as notes" if stolen else "")


def read_own(stage: Stage) -> None:
    """Alice reads her order by its id."""
    served(stage.client.get(f"/orders/{ORDER_OF_ALICE}", headers=stage.bearer("alice")), 200, owner="alice")


def list_few(stage: Stage) -> None:
    """Alice asks for one order."""
    served(stage.client.get("/orders", params={"limit": "1"}, headers=stage.bearer("alice")), 200)


def search_words(stage: Stage) -> None:
    """Alice searches for words that SQL also knows."""
    words = {"q": "select one from the union"}
    served(stage.client.get("/orders", params=words, headers=stage.bearer("alice")), 200)


ATTACKS = (
    Attack(
        "sql-in-an-id",
        "SQL in a parameter that is typed as a UUID",
        "API8",
        through_id,
        read_own,
        "contract.parameter.invalid",
    ),
    Attack(
        "sql-in-an-integer",
        "blind SQL in a parameter that is typed as an integer",
        "API8",
        through_integer,
        list_few,
        "contract.parameter.invalid",
    ),
    Attack(
        "sql-in-free-text",
        "SQL in a search text, which no type can refuse",
        "API8",
        through_text,
        search_words,
        later="inspect",
    ),
)
