"""What the package imports is what it declares: `pip install` brings all that runs, and nothing that does not."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    return normal(re.match(r"[\w.-]+", requirement)[0])


def modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


def imported(root: Path) -> set[str]:
    """The distributions from which something is imported."""
    trees = (ast.parse(path.read_text("utf-8")) for path in (root / "src").rglob("*.py"))
    tops = {name.partition(".")[0] for tree in trees for name in modules(tree)} - sys.stdlib_module_names - {"yett"}
    providers = metadata.packages_distributions()
    return {normal(name) for top in tops for name in providers.get(top, [top])}


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return {name_of(line) for line in project["dependencies"]}


def pinned(names: set[str]) -> set[str]:
    """What these bring in one version alone: pydantic its own core."""
    return {name_of(line) for name in names for line in metadata.requires(name) or [] if re.match(r"[\w.-]+==", line)}


def test_every_import_is_declared(root):
    known = declared(root)
    assert not imported(root) - known - pinned(known)


def test_every_dependency_is_imported(root):
    assert not declared(root) - imported(root)
