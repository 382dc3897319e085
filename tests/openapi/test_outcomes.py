"""Real descriptions: what becomes of each, compared with the table in `outcomes.toml`, and what the largest may cost.

`python tests/openapi/test_outcomes.py` writes the table anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from yett.openapi import Description, DescriptionError, read
from yett.openapi.example import Examples, NoExampleError

TABLE = Path(__file__).with_name("outcomes.toml")
SECONDS = 10.0
MEGABYTES = 500
PLAN = "yett: 1\napis: {{a: {{openapi: {}, upstream: {{urls: ['http://127.0.0.1:9']}}}}}}\n"


def conforming(description: Description):
    """The engine's library, each place compiled once over one shared bundle."""
    bundle = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": description.schemas}
    registry = jsonschema_rs.Registry([("urn:bundle", bundle)])
    known: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def conforms(place: str, value: object) -> bool:
        if place not in known:
            known[place] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"urn:bundle{place}"},
                registry=registry,
                validate_formats=True,
                pattern_options=jsonschema_rs.RegexOptions(),
            )
        return known[place].is_valid(value)

    return conforms


def without_example(description: Description) -> list[str]:
    """The open operations for which no benign request, or no reply that is declared, can be made."""
    examples = Examples(description, conforming(description))
    found: list[str] = []
    for operation in description.operations:
        try:
            if operation.closed is None:
                examples.request(operation)
                for status in operation.replies:
                    examples.reply(operation, status)
        except NoExampleError:
            found.append(operation.id)
    return found


def outcome(path: Path) -> dict[str, Any]:
    try:
        description = read(path)
    except DescriptionError as error:
        return {"errors": [str(problem).replace(f"{path.parent}/", "") for problem in error.problems]}
    closed = Counter(operation.closed for operation in description.operations if operation.closed is not None)
    return {
        "base": description.base,
        "operations": len(description.operations),
        "open": len(description.operations) - closed.total(),
        "closed": dict(sorted(closed.items())),
        "schemas": len(description.schemas),
        "open_places": len(description.open_places),
        "warnings": [str(problem).replace(f"{path.parent}/", "") for problem in description.warnings],
        "without_example": without_example(description),
    }


def descriptions(folder: Path) -> dict[str, Path]:
    large = [path for path in sorted(folder.glob("*.*")) if path.name != "stripe_fixtures.json"]
    return {str(path.relative_to(folder)): path for path in [*large, *sorted((folder / "corners").glob("*.json"))]}


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def written(table: dict[str, dict[str, Any]]) -> str:
    lines = ["# What becomes of each real description; written by test_outcomes.py."]
    for name, fields in table.items():
        lines.append(f"\n[{quoted(name)}]")
        for field, value in fields.items():
            if isinstance(value, dict):
                lines.extend(f"{field}.{quoted(key)} = {count}" for key, count in value.items())
            elif isinstance(value, list):
                lines.append(
                    f"{field} = [" + ("".join(f"\n    {quoted(each)}," for each in value) + "\n" if value else "") + "]"
                )
            else:
                lines.append(f"{field} = {quoted(value) if isinstance(value, str) else value}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(TABLE.read_text())


def names() -> list[str]:
    return list(tomllib.loads(TABLE.read_text()))


@pytest.mark.parametrize("name", names())
def test_outcome(shared_data, table, name):
    found = tomllib.loads(written({name: outcome(shared_data / "openapi" / name)}))
    assert found[name] == table[name]


def test_the_table_is_complete(shared_data, table):
    found = descriptions(shared_data / "openapi")
    assert list(table) == list(found)
    assert len(found) == 63
    large = [name for name in table if not name.startswith("corners/")]
    assert all("errors" not in table[name] for name in large)


def test_what_the_largest_costs(shared_data, tmp_path):
    """Read, compiled, loaded by the engine in a process of its own: peak memory of it all, and its CPU time.

    CPU time, because neighbours do not change it. Half of what is allowed, so that a slower machine holds it too.
    """
    program = (
        "import sys, time\n"
        "from pathlib import Path; from yett.policy.check import accept\n"
        "compiled = accept(Path(sys.argv[1]))\n"
        # Not ru_maxrss: a process inherits that of the one that started it.
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM:'))\n"
        "print(time.process_time(), int(peak.split()[1]) / 1024)"
    )
    path = tmp_path / "yett.yaml"
    path.write_text(PLAN.format(shared_data / "openapi" / "openai.yaml"), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, env=environment
    )
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < SECONDS / 2
    assert megabytes < MEGABYTES / 2


if __name__ == "__main__":
    data = Path(os.environ["YETT_DATA"]) / "openapi"
    TABLE.write_text(written({name: outcome(path) for name, path in descriptions(data).items()}))
