"""The vectors say each reason of level request, reply and bytes, and each kind of operation; who is left out where."""

import json
import tomllib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.vectors.plans import NAMES, committed
from tests.vectors.vector import PLACES, Step, Vector, all_vectors

VECTORS = all_vectors()
STEPS = [(vector, step) for vector in VECTORS for step in vector.steps]
Operation = dict[str, Any]


def test_there_are_enough_and_each_has_a_name_and_a_why():
    assert len(VECTORS) >= 300
    assert len({vector.id for vector in VECTORS}) == len(VECTORS)
    assert all(vector.name and vector.why for vector in VECTORS)


def reasons(root, *levels: str) -> set[str]:
    files = (root / "src/yett/catalogue").glob("*.toml")
    return {
        reason["id"]
        for path in files
        for reason in tomllib.loads(path.read_text("utf-8"))["reason"]
        if reason["level"] in levels
    }


def test_every_reason_of_request_and_reply_is_refused_somewhere(root):
    refused = {step.refused.split()[2] for _, step in STEPS if step.refused}
    assert not reasons(root, "request", "reply") - refused
    assert not refused - reasons(root, "request", "reply", "bytes"), "a reason that the catalogue does not have"


def test_every_reason_of_bytes_is_refused_somewhere(root):
    files = (root / "tests/vectors/bytes").glob("*.toml")
    cases = [case for path in files for case in tomllib.loads(path.read_text("utf-8"))["case"]]
    assert {case["refuses"] for case in cases if "refuses" in case} == reasons(root, "bytes")


def test_what_a_vector_says_fits_together():
    """A refused request is answered by its reason, what is altered was seen, and so on: a slip of the pen."""
    for vector, step in STEPS:
        words = (step.refused or "400 x x").split()
        assert len(words) == 3 and 400 <= int(words[0]) <= 599, vector.id
        assert step.refused or not step.places, vector.id
        assert not step.refused or (step.gets.status is None and step.gets.problem is None), vector.id
        assert step.sees or not (step.altered or step.answer), vector.id
        assert step.sees or step.refused or step.gets.status, f"{vector.id}: nothing is said of the answer"


def counted_by(plan: str, by: str) -> bool:
    document = json.loads(committed(plan).read_text("utf-8"))
    return any(limit["by"] == by for api in document["apis"] for limit in api["limits"])


def test_no_two_vectors_share_a_bucket():
    """In a gateway counters live on: who is counted is of one vector alone."""
    owners: dict[tuple[str, str], set[str]] = {}
    for vector, step in STEPS:
        if step.subject and counted_by(vector.plan, "subject"):
            owners.setdefault((vector.plan, step.subject), set()).add(vector.id)
        if step.peer:
            owners.setdefault((vector.plan, step.peer), set()).add(vector.id)
    assert not {who: by for who, by in owners.items() if len(by) > 1}


def test_who_is_left_out_and_why():
    assert all(place in PLACES and why for vector in VECTORS for place, why in vector.not_in.items())
    left_out = Counter(place for vector in VECTORS for place in vector.not_in)
    assert left_out == {"asgi": 7, "gateway": 4, "binding": 1}


def operations() -> dict[tuple[str, str], list[tuple[dict[str, Any], Operation]]]:
    """By plan and id, with the API: several APIs of a plan may have one description."""
    found: dict[tuple[str, str], list[tuple[dict[str, Any], Operation]]] = {}
    for name in NAMES:
        for api in json.loads(committed(name).read_text("utf-8"))["apis"]:
            for operation in api["operations"]:
                found.setdefault((name, operation["id"]), []).append((api, operation))
    return found


def demanded(api: dict[str, Any], operation: Operation) -> list[set[str]]:
    """For each alternative, by which methods its credentials are verified."""
    kinds = {name: next(iter(each)) for name, each in api["credentials"].items()}
    return [{kinds[demand["credential"]] for demand in all_of} for all_of in operation["security"]]


def scopes(operation: Operation) -> bool:
    return any(demand["scopes"] for all_of in operation["security"] for demand in all_of)


def schema_of(api: dict[str, Any], reference: str | None) -> str:
    return json.dumps(api["schemas"].get((reference or "").rpartition("/")[2], {}))


def bodies(api: dict[str, Any], operation: Operation) -> str:
    content = operation["body"]["content"] if operation["body"] else {}
    return "".join(schema_of(api, reference) for reference in content.values())


def replied(api: dict[str, Any], operation: Operation) -> str:
    content = (each["content"] for each in operation["replies"].values())
    return "".join(schema_of(api, reference) for each in content for reference in each.values())


def all_types(operation: Operation) -> set[str]:
    return {name for each in operation["replies"].values() for name in each["content"]}


Kind = Callable[[dict[str, Any], Operation], bool]
KINDS: dict[str, Kind] = {
    "public": lambda api, operation: operation["security"] == [[]],
    "bearer token": lambda api, operation: demanded(api, operation) == [{"jwt"}],
    "API key": lambda api, operation: demanded(api, operation) == [{"api_key"}],
    "alternatives": lambda api, operation: demanded(api, operation) == [{"jwt"}, {"api_key"}],
    "combination": lambda api, operation: {"jwt", "api_key"} in demanded(api, operation),
    "optional": lambda api, operation: len(operation["security"]) > 1 and [] in operation["security"],
    "scopes": lambda api, operation: scopes(operation),
    "roles": lambda api, operation: bool(operation["roles"]),
    "no parameters": lambda api, operation: not operation["parameters"],
    "two parameters in a segment": lambda api, operation: "}-{" in operation["path"],
    "required parameter": lambda api, operation: any(
        each["required"] and each["in"] == "query" for each in operation["parameters"]
    ),
    "empty parameter": lambda api, operation: any(each["allow_empty"] for each in operation["parameters"]),
    "no body": lambda api, operation: operation["method"] == "POST" and operation["body"] is None,
    "required body": lambda api, operation: bool(operation["body"]) and operation["body"]["required"],
    "optional body": lambda api, operation: bool(operation["body"]) and not operation["body"]["required"],
    "several body types": lambda api, operation: bool(operation["body"]) and len(operation["body"]["content"]) > 1,
    "body by oneOf": lambda api, operation: "oneOf" in bodies(api, operation),
    "body by anyOf": lambda api, operation: "anyOf" in bodies(api, operation),
    "body by allOf": lambda api, operation: "allOf" in bodies(api, operation),
    "body that is an array": lambda api, operation: '"type": "array"' in bodies(api, operation)[:40],
    "body that is a text": lambda api, operation: '"type": "string"' in bodies(api, operation)[:40],
    "free body": lambda api, operation: bool(operation["body"]) and bodies(api, operation) == "{}",
    "reply by oneOf": lambda api, operation: "oneOf" in replied(api, operation),
    "reply by anyOf": lambda api, operation: "anyOf" in replied(api, operation),
    "reply by allOf": lambda api, operation: "allOf" in replied(api, operation),
    "reply without a body": lambda api, operation: any(not each["content"] for each in operation["replies"].values()),
    "reply by class": lambda api, operation: "2XX" in operation["replies"],
    "reply by default": lambda api, operation: "default" in operation["replies"],
    "reply by range of types": lambda api, operation: "image/*" in all_types(operation),
    "reply that is not read": lambda api, operation: "text/csv" in all_types(operation),
    "reported": lambda api, operation: api["mode"] == "report",
}
KINDS |= {
    method: lambda api, operation, method=method: operation["method"] == method
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "json"),
    "header": ("simple",),
    "cookie": ("form",),
}
KINDS |= {
    f"{place} by {style}": lambda api, operation, place=place, style=style: any(
        (each["in"], each["style"]) == (place, style) for each in operation["parameters"]
    )
    for place, styles in STYLES.items()
    for style in styles
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_operation_is_permitted_somewhere(kind):
    """One that a vector calls by its id and gets through to the upstream."""
    called = {(vector.plan, step.operation) for vector, step in STEPS if step.sees and not step.refused}
    known = operations()
    assert any(
        KINDS[kind](api, operation) for name in called for api, operation in known.get(name, []) if operation["id"]
    )


Moment = Callable[[Vector, Step], bool]
MOMENTS: dict[str, Moment] = {
    "closed operation": lambda vector, step: (step.refused or "").endswith("resolve.operation.closed"),
    "HEAD by GET": lambda vector, step: step.send.startswith("HEAD ") and step.operation == "listThings",
    "preflight": lambda vector, step: step.send.startswith("OPTIONS ") and step.gets.status == 204,
    "OPTIONS without CORS": lambda vector, step: step.send.startswith("OPTIONS ") and "405" in (step.refused or ""),
    "unlisted": lambda vector, step: step.operation == "unlisted",
    "would refuse": lambda vector, step: bool(step.would),
    "altered": lambda vector, step: bool(step.altered),
    "error body replaced": lambda vector, step: step.gets.problem is not None,
    "a sequence": lambda vector, step: len(vector.steps) > 1,
    "later": lambda vector, step: step.after > 0,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_moment_is_there(moment):
    assert any(MOMENTS[moment](vector, step) for vector, step in STEPS)


def test_every_operation_of_every_plan_is_asked():
    called = {(vector.plan, step.operation) for vector, step in STEPS}
    known = operations()
    missing = {
        name for name, found in known.items() if name[0] != "octets" and found[0][1]["method"] != "TRACE"
    } - called
    assert not missing
