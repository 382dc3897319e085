"""Reads the marked fenced blocks of a Markdown page: files to write, commands to run. Runs nothing itself.

A comment on the line before a block says what it is; unmarked blocks are for the reader alone. Each heading begins with
an empty folder and nothing running.

    <!-- given: 127.0.0.1:9000 -->   no block: an API runs here, and its openapi.yaml lies in the folder
    <!-- file: app.py -->            the block is written to this file
    <!-- run -->                     the block is run by sh, and must succeed
    <!-- fails: 1 -->                the block is run by sh, and must end with this exit code
    <!-- serve: 127.0.0.1:8080 -->   the block's last command runs on; what follows waits until this address accepts
    <!-- tested: plan -->            the block is no step: a test of its own, in test_snippets.py, reads it
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(r"<!-- (file|run|fails|serve|given|tested)(?:: (.*))? -->")


@dataclass(frozen=True)
class Block:
    """One marked block: its kind, the value of its mark, its text, the line of the mark, and its heading's."""

    kind: str
    value: str
    text: str
    line: int
    heading: str


def fence(lines: list[str], start: int) -> int:
    """The index of the line that closes the fence which opens at `start`."""
    return next(number for number in range(start + 1, len(lines)) if lines[number].rstrip() == "```")


def blocks(page: str) -> Iterator[Block]:
    """All marked blocks in their order; a mark without a block right behind it is an error."""
    lines = page.splitlines()
    heading, number = "", 0
    mark: tuple[re.Match[str], int] | None = None
    while number < len(lines):
        line = lines[number]
        if line.startswith("```"):
            end = fence(lines, number)
            if mark:
                yield block(mark, "\n".join(lines[number + 1 : end]) + "\n", heading)
            mark, number = None, end
        elif mark and line.strip():
            raise ValueError(f"line {mark[1]}: a mark without a fenced block right behind it")
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif found := MARK.fullmatch(line.strip()):
            mark = (found, number + 1)
            if found[1] == "given":
                yield block(mark, "", heading)
                mark = None
        number += 1


def block(mark: tuple[re.Match[str], int], text: str, heading: str) -> Block:
    found, line = mark
    return Block(found[1], found[2] or "", text, line, heading)


def commands(text: str) -> str:
    """The commands of a block, without the prompts that some pages show."""
    return re.sub(r"^\$ ", "", text, flags=re.M)
