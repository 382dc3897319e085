"""Reads the marked fenced blocks of a Markdown page: files to write, commands to run. Runs nothing itself.

A comment on the line before a block says what it is; unmarked blocks are for the reader alone.

    <!-- file: app.py -->            the block is written to this file
    <!-- run -->                     the block is run by sh, and must succeed
    <!-- fails: 1 -->                the block is run by sh, and must end with this exit code
    <!-- serve: 127.0.0.1:8080 -->   the block is started and runs on; the next block waits until this address accepts
"""

import re
from dataclasses import dataclass

BLOCK = re.compile(
    r"^<!-- (?P<kind>file|run|fails|serve)(?:: (?P<value>[^\n]*?))? -->\n+```[^\n]*\n(?P<text>.*?)^```$", re.M | re.S
)
MARK = re.compile(r"^<!-- (?:file|run|fails|serve)\b", re.M)


@dataclass(frozen=True)
class Block:
    """One marked block: its kind, the value of its mark, its text, and the line where the mark stands."""

    kind: str
    value: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """All marked blocks in their order; a mark without a block behind it is an error."""
    found = [
        Block(match["kind"], match["value"] or "", match["text"], page.count("\n", 0, match.start()) + 1)
        for match in BLOCK.finditer(page)
    ]
    if len(found) != len(MARK.findall(page)):
        raise ValueError("a mark without a fenced block right behind it")
    return found


def commands(text: str) -> str:
    """The commands of a block, without the prompts that some pages show."""
    return re.sub(r"^\$ ", "", text, flags=re.M)
