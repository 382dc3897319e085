"""The shop's state in SQLite: tables, seed and the statements that routes share; no HTTP."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT UNIQUE, email TEXT, role TEXT, pin_hash TEXT, internal_note TEXT);
CREATE TABLE items (sku TEXT PRIMARY KEY, name TEXT, category TEXT, price_cents INTEGER, stock INTEGER);
CREATE TABLE orders (id TEXT PRIMARY KEY, owner TEXT, sku TEXT, quantity INTEGER, status TEXT, note TEXT,
                     price_cents INTEGER);
"""
ALICE = "0b8a4f3e-5d0c-4a53-9f0e-6f1f6a1d0a01"
BOB = "0b8a4f3e-5d0c-4a53-9f0e-6f1f6a1d0a02"
ADMIN = "0b8a4f3e-5d0c-4a53-9f0e-6f1f6a1d0a03"
ORDER_OF_ALICE = "7c9e6679-7425-40de-944b-e07fc1f90ae1"
ORDER_OF_BOB = "7c9e6679-7425-40de-944b-e07fc1f90ae2"
PINS = {"alice": "2580", "bob": "0417", "admin": "9731"}


def pin_hash(pin: str) -> str:
    """FAULT: a fast hash without a salt."""
    return hashlib.sha256(pin.encode()).hexdigest()


def reset(path: Path) -> None:
    """Puts the database at `path` into its first state, whatever it held before."""
    users = [
        (ALICE, "alice", "alice@example.com", "customer", pin_hash(PINS["alice"]), "pays late"),
        (BOB, "bob", "bob@example.com", "customer", pin_hash(PINS["bob"]), "complains often"),
        (ADMIN, "admin", "admin@example.com", "admin", pin_hash(PINS["admin"]), ""),
    ]
    items = [
        ("BK-0001", "A book of gates", "book", 1900, 40),
        ("TL-0007", "A hammer", "tool", 2450, 12),
    ]
    orders = [
        (ORDER_OF_ALICE, "alice", "BK-0001", 1, "open", "Ring twice", 1900),
        (ORDER_OF_BOB, "bob", "TL-0007", 2, "paid", "The key is under the third flower pot", 4900),
    ]
    with connect(path) as database:
        database.executescript("DROP TABLE IF EXISTS users; DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS orders;")
        database.executescript(TABLES)
        database.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", users)
        database.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?)", items)
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", orders)


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose rows are read by name; commits at the end, rolls back when the block raises."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")  # the state of the demo need not outlive the machine
        database.row_factory = sqlite3.Row
        yield database


def select(path: Path, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query, as they are in the table."""
    with connect(path) as database:
        return [dict(row) for row in database.execute(sql, values)]


def insert(path: Path, table: str, row: Mapping[str, object]) -> None:
    """Writes one row. FAULT: whoever chooses the keys of `row` chooses the columns."""
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    with connect(path) as database:
        database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def update(path: Path, table: str, key: tuple[str, str], changes: Mapping[str, object]) -> None:
    """Changes the row whose column `key[0]` is `key[1]`. FAULT: the keys of `changes` choose the columns."""
    names = ", ".join(f"{name} = ?" for name in changes)
    with connect(path) as database:
        database.execute(f"UPDATE {table} SET {names} WHERE {key[0]} = ?", [*changes.values(), key[1]])
