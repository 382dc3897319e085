"""Descriptions in a temporary folder, and validators that stand in for the engine; no test data of other folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from yett.openapi import Description, DescriptionError, read

Read = Callable[..., Description]


@pytest.fixture
def described(tmp_path: Path) -> Read:
    """Write files (text, or values as JSON) and read the first of them."""

    def write(main: object, name: str = "openapi.json", **others: object) -> Description:
        for file, content in {name: main, **others}.items():
            path = tmp_path / file.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read(tmp_path / name)

    return write


@pytest.fixture
def refused(described: Read, tmp_path: Path) -> Callable[..., list[str]]:
    """The problems of a description, as lines without the folder."""

    def problems(main: object, name: str = "openapi.json", **others: object) -> list[str]:
        with pytest.raises(DescriptionError) as error:
            described(main, name, **others)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in error.value.problems]

    return problems


def document(schema: object, version: str = "3.1.0", **schemas: object) -> dict[str, Any]:
    """A description with one operation whose body and reply have one schema."""
    content = {"application/json": {"schema": schema}}
    operation = {"requestBody": {"content": content}, "responses": {"200": {"description": "", "content": content}}}
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": schemas},
    }


@pytest.fixture
def one_schema() -> Callable[..., dict[str, Any]]:
    return document


Accepts = Callable[[Description, str | None, object], bool]


@pytest.fixture(scope="session")
def accepts() -> Accepts:
    """Whether a place of a bundle admits a value: the engine's own library and an independent one must agree."""

    def judge(description: Description, place: str | None, value: object) -> bool:
        assert place is not None
        schema = {"$ref": place, "$defs": description.schemas}
        fast = jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
        ).is_valid(value)
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        slow = jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(value)
        assert fast == slow, (schema, value)
        return fast

    return judge


@pytest.fixture
def admits(described: Read, accepts: Accepts) -> Callable[..., bool]:
    """Whether a request's body, or a reply's, with this schema admits a value."""

    def judge(schema: object, value: object, version: str = "3.1.0", *, reply: bool = False, **schemas: object) -> bool:
        description = described(document(schema, version, **schemas))
        (operation,) = description.operations
        assert operation.closed is None, operation.closed
        assert operation.body is not None
        body = operation.replies["200"] if reply else operation.body
        return accepts(description, body.content["application/json"], value)

    return judge
