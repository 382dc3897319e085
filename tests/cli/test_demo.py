"""The verb `demo` finds its example, or says what was expected where."""

import sys

import pytest

from yett.cli import main
from yett.cli.demo import load
from yett.cli.terminal import CannotRun


@pytest.fixture(autouse=True)
def import_path(monkeypatch):
    monkeypatch.setattr("sys.path", sys.path.copy())


def test_a_folder_without_a_demo_is_a_clear_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--dir", str(tmp_path)])
    assert ended.value.code == 2
    said = f"{tmp_path}: found no demo.py, expected the folder examples/orders of a checkout of Yett"
    assert capsys.readouterr().err.startswith(said)


def test_a_package_that_is_missing_is_named(tmp_path):
    folder = tmp_path / "wanting"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "demo.py").write_text("import absent_package_of_the_demo\n")
    with pytest.raises(CannotRun, match="absent_package_of_the_demo is not installed"):
        load(folder)


@pytest.mark.parametrize("code", [0, 1])
def test_the_exit_code_and_the_option_are_handed_through(tmp_path, capsys, code):
    folder = tmp_path / f"example_{code}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "demo.py").write_text(
        f"def run(console, *, serve):\n    console.print('serves on' if serve else 'ends')\n    return {code}\n"
    )
    for options, said in ([], "ends"), (["--serve"], "serves on"):
        with pytest.raises(SystemExit) as ended:
            main(["demo", "--dir", str(folder), *options])
        assert (ended.value.code, capsys.readouterr().out) == (code, f"{said}\n")


def test_the_demo_of_the_checkout_is_found(root):
    assert callable(load(root / "examples" / "orders").run)
