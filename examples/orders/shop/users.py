"""Users of the shop: login, one's own profile, and what is meant for the administrator."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request

from .database import connect, pin_hash, select, update
from .request import Body, Caller, Database

router = APIRouter()


@router.post("/login")
def login(request: Request, database: Database, body: Body) -> dict[str, str]:
    """A token for name and PIN. FAULT: as many tries as one likes, for a PIN of four digits."""
    found = select(database, "SELECT pin_hash FROM users WHERE name = ?", body["name"])
    if not found or found[0]["pin_hash"] != pin_hash(body["pin"]):
        raise HTTPException(401, "wrong name or PIN")
    return {"access_token": request.app.state.issuer.token(body["name"]), "token_type": "Bearer"}


@router.get("/me")
def profile(database: Database, caller: Caller) -> dict[str, Any]:
    """The caller's profile. FAULT: the whole row, with the hash of the PIN and the note about the customer."""
    rows = select(database, "SELECT * FROM users WHERE name = ?", caller)
    if not rows:
        raise HTTPException(404, f"no user {caller}")
    return rows[0]


@router.patch("/me")
def change_profile(database: Database, caller: Caller, body: Body) -> dict[str, Any]:
    """Changes the caller's email. FAULT: and every other column, the role among them."""
    update(database, "users", ("name", caller), body)
    return profile(database, caller)


@router.get("/users")
def list_users(database: Database) -> list[dict[str, Any]]:
    """All users, for the administrator. FAULT: nobody asks who calls."""
    return select(database, "SELECT * FROM users ORDER BY name")


@router.delete("/users/{user_id}", status_code=204)
def delete_user(database: Database, user_id: str) -> None:
    """Removes a user, for the administrator. FAULT: nobody asks who calls."""
    with connect(database) as connection:
        connection.execute("DELETE FROM users WHERE id = ?", (user_id,))
