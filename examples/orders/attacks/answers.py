"""Attacks that live from how the shop answers: without a limit, with its stack traces, without protecting headers."""

from ..shop.database import PINS
from .attack import Attack, Outcome, Stage, expect, judge, served

PROTECTING = ("X-Content-Type-Options", "Cache-Control")
TALKATIVE = ("Server", "X-Powered-By")


def guess_pin(stage: Stage) -> Outcome:
    """Somebody tries bob's PIN from 0000 on, until it fits or nobody listens any more."""
    for tries in range(10_000):
        answer = stage.client.post("/login", json={"name": "bob", "pin": f"{tries:04}"})
        if answer.status_code != 401:
            break
    token = answer.json().get("access_token", "") if answer.is_success else ""
    return judge(answer, f"bob's PIN is found after {tries + 1} tries" if token else "")


def provoke_error(stage: Stage) -> Outcome:
    """Alice searches for a single quote."""
    answer = stage.client.get("/orders", params={"q": "'"}, headers=stage.bearer("alice"))
    told = "Traceback" in answer.text
    return judge(answer, "the answer is a stack trace with files and lines" if told else "")


def look_at_headers(stage: Stage) -> Outcome:
    """Somebody looks at the headers of an answer."""
    answer = stage.client.get("/health")
    told = [f"{name}: {answer.headers[name]}" for name in TALKATIVE if name in answer.headers]
    missing = [name for name in PROTECTING if name not in answer.headers]
    return judge(answer, f"tells {', '.join(told)}; lacks {', '.join(missing)}" if told and missing else "")


def log_in(stage: Stage) -> None:
    """Bob mistypes his PIN once, logs in, and the token that he gets is good."""
    served(stage.client.post("/login", json={"name": "bob", "pin": "7140"}), 401)
    answer = served(stage.client.post("/login", json={"name": "bob", "pin": PINS["bob"]}), 200, token_type="Bearer")
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    served(stage.client.get("/me", headers=headers), 200, name="bob")


def search_name(stage: Stage) -> None:
    """Alice searches for a name of two words."""
    answer = served(stage.client.get("/orders", params={"q": "Ring tw"}, headers=stage.bearer("alice")), 200)
    expect("the number of orders", len(answer.json()), 1)


def ask_health(stage: Stage) -> None:
    """The answer to the same question is whole."""
    served(stage.client.get("/health"), 200, status="up")


ATTACKS = (
    Attack("error-details", "a stack trace as the answer", "API8", provoke_error, search_name, "contract.reply.status"),
    Attack("headers", "headers that tell, and headers that lack", "API8", look_at_headers, ask_health, ""),
    Attack(
        "guessed-pin",
        "a PIN of four digits, tried without a limit",
        "API4",
        guess_pin,
        log_in,
        "limit.address.exceeded",
    ),
)
"""The guessing stands last: it uses up what the limit allows."""
