"""Names say what a thing is: no drawer for the rest, no `get_`; and every file opens with what it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

DRAWERS = {"utils", "util", "helper", "helpers", "manager", "managers", "common", "misc", "data"}
RUST = ("engine/src/*.rs", "gateway/src/*.rs", "binding/src/*.rs")


def test_no_file_is_a_drawer(tracked):
    drawers = [
        name
        for name in tracked("*.py", "*.rs")
        if DRAWERS & {part.lower() for part in Path(name).with_suffix("").parts}
    ]
    assert not drawers, f"name these by what is in them: {drawers}"


def own_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions whose name is ours: a method of a class with bases may have its name from there."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if not (isinstance(node, ast.ClassDef) and node.bases):
            yield from own_functions(node)


def test_no_function_is_called_get(root, tracked):
    python = [
        f"{name}:{node.lineno}: {node.name}"
        for name in tracked("src/*.py")
        for node in own_functions(ast.parse((root / name).read_text("utf-8")))
        if node.name.startswith("get_")
    ]
    rust = [
        f"{name}: {function}"
        for name in tracked(*RUST)
        for function in re.findall(r"\bfn (get_\w+)", (root / name).read_text("utf-8"))
    ]
    assert not python + rust, "name these by what they return:\n" + "\n".join(python + rust)


def test_every_file_opens_with_what_it_is(root, tracked):
    python = [
        name
        for name in tracked("src/*.py", "tests/*.py", "bench/*.py", "tools/*.py", "examples/*.py")
        if (text := (root / name).read_text("utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    rust = [name for name in tracked(*RUST) if not (root / name).read_text("utf-8").lstrip().startswith("//!")]
    assert not python + rust, f"without a first sentence: {python + rust}"


def test_asserts_stay_in_tests(root, tracked):
    found = [
        f"{name}:{node.lineno}"
        for name in tracked("src/*.py", "tools/*.py")
        for node in ast.walk(ast.parse((root / name).read_text("utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert not found, f"assert is left out under -O; raise what is wrong by its name: {found}"


def test_nothing_is_left_unfinished(root, tracked):
    marks = re.compile(
        r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b|\b(?:todo|unimplemented)!\("
    )
    found = [
        f"{name}:{number}"
        for name in tracked("*.py", "*.rs", "*.toml", "*.md", "*.sh", "Makefile", ".ci/run")
        for number, line in enumerate((root / name).read_text("utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not found, f"finish these, or write them into LIMITATIONS.md: {found}"
