"""What the supervisor takes from its queue, one after the other. Nothing is done about it here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yett.policy.compile import Compiled
from yett.serve.child import Child, Message
from yett.serve.stock import Found, Stock


@dataclass(frozen=True)
class Told:
    """A child said something, or ended (`message` is none)."""

    child: Child
    message: Message | None


@dataclass(frozen=True)
class Built:
    """A changed plan was compiled, or is wrong and came of the files `tried`; `began`: nanoseconds since 1970."""

    began: int
    compiled: Compiled | None
    problems: tuple[str, ...] = ()
    tried: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Looked:
    """A look at a store ended: with changed keys, with none, or with what is wrong."""

    stock: Stock
    found: Found | None
    why: str = ""


Ask = Literal["stop", "reload", "restart"]
Event = Told | Built | Looked | Ask
