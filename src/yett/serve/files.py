"""Which files a plan is made of, as far as can be told before it is compiled. Compiles nothing."""

from __future__ import annotations

from pathlib import Path


def named_files(path: Path) -> set[Path]:
    """The plan and the descriptions that it names; the plan alone where it cannot be read."""
    from yett.policy.read import named_descriptions  # noqa: PLC0415 - importing the app's wrapper must stay cheap

    try:
        named = named_descriptions(path)
    except Exception:
        # Compiling says what is wrong with the file; whoever watches it must live to see it mended.
        named = []
    return {path.absolute(), *((path.parent / name).absolute() for name in named)}
