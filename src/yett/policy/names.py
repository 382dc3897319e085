"""Names that a user could have meant, and lists of names as errors print them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_SHOWN = 12


def listed(names: Iterable[str], none: str = "nothing") -> str:
    """`a, b, c`, shortened."""
    found = list(names)
    rest = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return (", ".join(found[:MOST_SHOWN]) or none) + rest


def meant(name: str, names: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    known = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    return f"; did you mean {known[close[0]]!r}?" if close else ""


def one_of(name: str, names: Iterable[str]) -> str:
    """What an error expects in the place of an unknown name."""
    known = list(dict.fromkeys(names))
    return f"one of {listed(known)}{meant(name, known)}"
