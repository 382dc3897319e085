"""Files and functions keep the house numbers; the exceptions are listed, and the list can only shrink."""

import ast
import re
import tomllib
from pathlib import Path

LIMITS = {".py": 400, ".rs": 500}
FUNCTION = 40
TRAIT = 4
EXCEPTIONS = Path(__file__).with_name("exceptions.toml")


def exceptions(kind: str) -> dict[str, int]:
    return tomllib.loads(EXCEPTIONS.read_text("utf-8")).get(kind, {})


def own_lines(text: str, suffix: str) -> int:
    """Lines of a file without its test module: Rust keeps unit tests at the end of the file that they test."""
    return len((text.partition("\n#[cfg(test)]\nmod ")[0] if suffix == ".rs" else text).splitlines())


def function_lines(text: str) -> dict[str, int]:
    """Lines of each function without decorators, signature and docstring."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            found[f"{node.name}:{node.lineno}"] = (node.end_lineno or node.lineno) - body[0].lineno + 1
    return found


def compare(kind: str, over: dict[str, int]) -> None:
    """What is over the number must be listed with exactly its size: growth fails, and shrinking lowers the entry."""
    listed = exceptions(kind)
    wrong = [
        f"{name}: {lines}, listed as {listed.get(name, 'nothing')}"
        for name, lines in over.items()
        if listed.get(name) != lines
    ]
    wrong += [f"{name}: no longer over the number; take it off the list" for name in listed.keys() - over.keys()]
    assert not wrong, (
        f"[{kind}] of {EXCEPTIONS.name} (split the file by its ideas; never raise an entry):\n" + "\n".join(wrong)
    )


def test_files(root, tracked):
    sources = tracked(
        "src/*.py",
        "tests/*.py",
        "bench/*.py",
        "tools/*.py",
        "examples/*.py",
        "engine/src/*.rs",
        "gateway/src/*.rs",
        "binding/src/*.rs",
    )
    sizes = {name: own_lines((root / name).read_text("utf-8"), Path(name).suffix) for name in sources}
    compare("files", {name: lines for name, lines in sizes.items() if lines > LIMITS[Path(name).suffix]})


def test_python_functions(root, tracked):
    over = {
        f"{name}:{function.partition(':')[0]}": lines
        for name in tracked("src/*.py")
        for function, lines in function_lines((root / name).read_text("utf-8")).items()
        if lines > FUNCTION
    }
    compare("functions", over)


def test_rust_traits_are_small(root, tracked):
    over = {}
    for name in tracked("engine/src/*.rs", "gateway/src/*.rs"):
        for head, body in re.findall(
            r"^pub(?:\([a-z]+\))? trait (\w+)[^{]*\{\n(.*?)^\}", (root / name).read_text("utf-8"), re.M | re.S
        ):
            if (methods := len(re.findall(r"^    (?:async )?fn ", body, re.M))) > TRAIT:
                over[f"{name}:{head}"] = methods
    compare("traits", over)


def test_the_measures():
    assert own_lines("a\nb\n\n#[cfg(test)]\nmod tests {\n}\n", ".rs") == 2
    assert function_lines('def f():\n    """Doc."""\n    a = 1\n    return a\n') == {"f:1": 2}
