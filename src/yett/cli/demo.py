"""The verb `demo`: finds the example, imports its demo and runs it; attacks and servers stand in the example."""

import importlib
import sys
from pathlib import Path
from typing import Annotated, Protocol, cast

import typer
from rich.console import Console

from yett.cli.terminal import CannotRun


class Demo(Protocol):
    """What the module `demo` of an example offers."""

    def run(self, console: Console, *, serve: bool) -> int:
        """Plays the demo, prints it, gives the exit code."""
        ...


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="the example, of a checkout of Yett")] = Path(
        "examples/orders"
    ),
    serve: Annotated[bool, typer.Option(help="keep the API and the gateway running until Ctrl-C")] = False,
) -> None:
    """Attack a vulnerable API directly and through Yett, and show both."""
    raise typer.Exit(load(directory).run(Console(), serve=serve))


def load(directory: Path) -> Demo:
    """The demo in `directory`, imported as a package beside its siblings.

    Raises:
        CannotRun: there is no demo, or a package that it imports is missing.
    """
    folder = directory.resolve()
    if not (folder / "demo.py").is_file():
        raise CannotRun(
            f"{directory}: found no demo.py, expected the folder examples/orders of a checkout of Yett; "
            "run it there, or name the folder with --dir"
        )
    if str(folder.parent) not in sys.path:
        sys.path.insert(0, str(folder.parent))
    try:
        return cast(Demo, importlib.import_module(f"{folder.name}.demo"))
    except ModuleNotFoundError as error:
        raise CannotRun(
            f"{directory}: the package {error.name} is not installed; `pip install 'yett[demo]'` brings it"
        ) from error
