"""A plan that is wrong → what of it is sound, so that the rest is judged too. Nothing of it is ever served."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from pydantic import ValidationError

from yett.openapi.json_types import Json, is_object
from yett.openapi.load import Document
from yett.openapi.problem import Problem, Problems
from yett.policy.errors import problems_of, value_at
from yett.policy.names import meant
from yett.policy.plan import Plan
from yett.policy.read import PlanFile

# What other parts of an API are judged by: where one of these is wrong the API is left out, else they would be blamed.
_JUDGING = ("openapi", "match", "security", "credentials")
_STAND_IN: dict[str, Json] = {"urls": ["http://127.0.0.1"]}
_ROUNDS = 8


def sound_rest(path: Path) -> tuple[list[Problem], PlanFile | None]:
    """The plan at `path` without what is wrong with it, if it can be read at all; and what came to light on the way."""
    found: list[Problem] = []
    try:
        document = Document(str(path), path.read_bytes(), Problems())
    except OSError:
        return found, None
    root = deepcopy(document.root)
    if root is None:
        return found, None
    for _ in range(_ROUNDS):
        try:
            return found, PlanFile(path, Plan.model_validate(root), document)
        except ValidationError as error:
            found.extend(problems_of(error, Plan, document))
            if not _left(root, error):
                break
    return found, None


def _left(root: Json, error: ValidationError) -> bool:
    """Leave out every part that is wrong; whether an API is left."""
    for detail in error.errors(include_url=False):
        below: tuple[str, ...] = detail.get("ctx", {}).get("below", ())
        pointer = (*map(str, detail["loc"]), *below)
        if pointer[:1] in ((), ("yett",)) or pointer == ("apis",):
            return False
        unknown = detail["type"] == "extra_forbidden"
        if pointer[0] != "apis":
            _leave_out(root, pointer if unknown and pointer[0] == "gateway" else pointer[:1])
        else:
            _leave_out_of_api(root["apis"], pointer, unknown)
    return bool(root["apis"])


def _leave_out_of_api(apis: dict[str, Json], pointer: tuple[str, ...], unknown: bool) -> None:
    name, key = pointer[1], pointer[2] if len(pointer) > 2 else ""
    judging = key in _JUDGING or (unknown and len(pointer) == 3 and meant(key, _JUDGING))
    if not key or judging:
        apis.pop(name, None)
    elif key == "upstream" and name in apis:
        apis[name][key] = _STAND_IN
    else:
        _leave_out(apis, pointer[1:3])


def _leave_out(root: Json, pointer: tuple[str, ...]) -> None:
    root = value_at(root, pointer[:-1])
    if is_object(root):
        root.pop(pointer[-1], None)
