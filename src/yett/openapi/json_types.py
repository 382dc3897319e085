"""The types of JSON values; two questions that type checkers understand, and nothing else."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

# A value as JSON has it. Its shape is checked by `validate`, which a type checker cannot follow.
Json: TypeAlias = Any


def is_object(value: object) -> TypeGuard[dict[str, Json]]:
    """Whether a value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Json]]:
    """Whether a value is an array."""
    return isinstance(value, list)
