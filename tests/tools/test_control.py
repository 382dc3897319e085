"""A new control has all of its faces at once, and spoils nothing that is there."""

import ast
import tomllib

import pytest

from tools import control


@pytest.fixture
def tree(tmp_path):
    for folder in ("guards", "methods"):
        (tmp_path / "engine/src" / folder).mkdir(parents=True)
        (tmp_path / "engine/src" / folder / "mod.rs").write_text(
            "//! x\n\npub mod contract;\npub mod limit;\n\nuse y;\n"
        )
    return tmp_path


def written(tree):
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("kind", "folder", "line"),
    [
        ("guard", "guards", "pub mod debug_leak;"),
        ("method", "methods", "pub(crate) mod debug_leak;"),
    ],
)
def test_every_face_is_written(tree, kind, folder, line):
    assert control.main(["debug_leak", "--kind", kind], tree) == 0
    assert {
        "src/yett/catalogue/debug_leak.toml",
        "src/yett/controls/debug_leak.py",
        "tests/controls/test_debug_leak.py",
        f"engine/src/{folder}/debug_leak.rs",
        "docs/controls/debug_leak.md",
        "docs/controls/README.md",
    } <= written(tree)
    assert (tree / f"engine/src/{folder}/mod.rs").read_text().splitlines()[2:5] == [
        "pub mod contract;",
        line,
        "pub mod limit;",
    ]


def test_the_faces_parse(tree):
    control.main(["gate"], tree)
    assert tomllib.loads((tree / "src/yett/catalogue/gate.toml").read_text())["control"] == "gate"
    for face in ("src/yett/controls/gate.py", "tests/controls/test_gate.py"):
        assert ast.get_docstring(ast.parse((tree / face).read_text()))


def test_nothing_is_overwritten(tree, capsys):
    control.main(["gate"], tree)
    before = {path: (tree / path).read_text() for path in written(tree)}
    assert control.main(["gate"], tree) == 2
    assert "is there already" in capsys.readouterr().err
    assert {path: (tree / path).read_text() for path in written(tree)} == before


@pytest.mark.parametrize("name", ["Gate", "../gate", "gate-keeper", "_gate", "gate__x", ""])
def test_a_name_is_lower_case(tree, name, capsys):
    assert control.main([name], tree) == 2
    assert "expected" in capsys.readouterr().err
