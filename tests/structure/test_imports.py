"""Imports point one way: cli → serve, prove, evidence → policy, openapi, controls, store → binding. Nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

# A package imports from its own row and from rows below. A new package is placed here first, or the test says so.
ROWS = [
    {"cli", "__main__"},
    {"serve", "prove", "evidence", "asgi"},
    {"policy", "openapi", "controls", "store"},
    {"catalogue"},
    {"_engine"},
]
ROW = {package: number for number, row in enumerate(ROWS) for package in row}


def modules(root: Path) -> dict[str, Path]:
    source = root / "src"
    files = {path.relative_to(source).with_suffix(""): path for path in (source / "yett").rglob("*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in files.items()}


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """Names of yett that a module imports, with their lines; relative ones resolved, TYPE_CHECKING included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "yett")
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            if base.split(".")[0] == "yett":
                for alias in node.names:
                    deep = f"{base}.{alias.name}"
                    yield (deep if deep in known or base == "yett" else base), node.lineno


def package_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def test_every_package_has_its_row(root):
    unplaced = {package_of(name) for name in modules(root)} - ROW.keys() - {""}
    assert not unplaced, (
        f"{sorted(unplaced)}: ARCHITECTURE.md knows no such package; place it in ROWS, or move its code"
    )


def test_imports_point_down(root):
    known = modules(root)
    upward = [
        f"{path.relative_to(root)}:{line}: {package_of(name) or 'yett'} imports {target}"
        for name, path in known.items()
        for target, line in imports(name, path, known)
        if package_of(target) in ROW and ROW[package_of(target)] < ROW.get(package_of(name), len(ROWS))
    ]
    assert not upward, "imports against ARCHITECTURE.md's direction:\n" + "\n".join(upward)


def test_no_module_imports_itself_through_others(root):
    known = modules(root)
    edges = {name: {target for target, _ in imports(name, path, known)} & known.keys() for name, path in known.items()}
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "an import cycle: " + " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for target in sorted(edges[name] - {name}):
                walk(target, (*trail, name))
            done.add(name)

    for name in sorted(known):
        walk(name, ())


def test_the_reader_of_imports_sees_every_form(tmp_path):
    module = tmp_path / "m.py"
    module.write_text(
        "import yett.cli\nfrom . import policy\nfrom ..store import keys\nfrom yett import serve\nimport os\n"
    )
    found = [target for target, _ in imports("yett.prove.m", module, {"yett.prove.policy": module})]
    assert found == ["yett.cli", "yett.prove.policy", "yett.store", "yett.serve"]
