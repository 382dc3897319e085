"""Property: a key can be used from the moment it is made until it is revoked, and is written nowhere."""

import hashlib
import hmac
import sqlite3

import pytest

from yett.store.error import StoreError
from yett.store.keys import Keys

NOW = 1_800_000_000


def test_what_is_kept_is_the_hmac_and_never_the_key(keys, tmp_path):
    key, text = keys.add("anna", NOW, ["read"], ["admin"], NOW + 60)
    _, [told] = keys.in_force()
    assert told == {
        "hmac": hmac.new(bytes.fromhex(keys.pepper), text.encode(), hashlib.sha256).hexdigest(),
        "id": key.id,
        "subject": "anna",
        "scopes": ["read"],
        "roles": ["admin"],
        "expires": NOW + 60,
    }
    assert text.startswith("yett_")
    assert len(text) == 5 + 43
    assert all(text.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_two_keys_differ(keys):
    (one, text), (other, another) = keys.add("anna", NOW), keys.add("anna", NOW)
    assert one.id != other.id
    assert text != another


def test_a_revoked_key_is_no_longer_told_and_stays_listed(keys):
    key, _ = keys.add("anna", NOW)
    keys.add("bob", NOW)
    assert [each.id for each in keys.revoke(key.id, NOW + 5)] == [key.id]
    assert [each["subject"] for each in keys.in_force()[1]] == ["bob"]
    assert {each.subject: each.state(NOW + 6) for each in keys.all()} == {"anna": "revoked", "bob": "in force"}
    assert keys.revoke(key.id, NOW + 7) == []


def test_a_name_revokes_all_its_keys(keys):
    keys.add("anna", NOW)
    keys.add("anna", NOW)
    assert len(keys.revoke("anna", NOW)) == 2
    assert keys.in_force()[1] == []


def test_expiry_is_judged_by_the_engine_and_shown_here(keys):
    key, _ = keys.add("anna", NOW, expires=NOW + 60)
    assert len(keys.in_force()[1]) == 1
    assert (key.state(NOW + 59), key.state(NOW + 60)) == ("in force", "expired")


def test_every_change_is_seen_by_another_process(keys, plan):
    other = Keys.of(plan())
    seen = [other.revision()]
    for change in (lambda: keys.add("anna", NOW), lambda: keys.add("bob", NOW), lambda: keys.revoke("anna", NOW)):
        change()
        seen.append(other.revision())
    assert len(set(seen)) == len(seen)
    assert other.in_force() == keys.in_force()


@pytest.mark.parametrize(
    "use",
    [
        lambda keys: keys.add("anna", NOW),
        lambda keys: keys.revoke("anna", NOW),
        lambda keys: keys.all(),
        lambda keys: keys.in_force(),
        lambda keys: keys.revision(),
    ],
)
def test_a_database_that_fails_says_so_in_a_line(keys, tmp_path, use):
    with sqlite3.connect(tmp_path / "yett.db") as connection:
        connection.execute("DROP TABLE api_keys")
        connection.execute("DROP TABLE revision")
    connection.close()
    with pytest.raises(StoreError, match=r"store: cannot be (read|changed): .*no such table"):
        use(keys)


def test_a_change_that_fails_is_not_seen(keys, tmp_path):
    seen = keys.revision()
    with sqlite3.connect(tmp_path / "yett.db") as connection:
        connection.execute("DROP TABLE api_keys")
    connection.close()
    with pytest.raises(StoreError):
        keys.add("anna", NOW)
    assert keys.revision() == seen


@pytest.mark.parametrize(
    "change", ["scopes = 'read'", "scopes = 'null'", "roles = '[1]'", "created = 'today'", "expires = 'never'"]
)
def test_a_row_that_somebody_edited_is_named(keys, tmp_path, change):
    key, _ = keys.add("anna", NOW)
    keys.add("bob", NOW)
    with sqlite3.connect(tmp_path / "yett.db") as database:
        database.execute(f"UPDATE api_keys SET {change} WHERE id = ?", [key.id])
    database.close()
    for read in (keys.all, keys.in_force):
        with pytest.raises(StoreError, match=f"found another content in the row '{key.id}' of api_keys"):
            read()
