"""Run the commands of a documentation page and compare what they print.

A block that is fenced as `console` holds lines `$ command` and, below each, its
output. `...` in the output stands for anything, within a line or for whole lines.
"""

import re
from pathlib import Path

from attrs import frozen

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen
class Step:
    """@ivar line: of the command in the page, counted from 1."""

    command: str
    output: str
    line: int


def steps(page: Path) -> list[Step]:
    """All commands of a page, in order."""
    text = page.read_text("utf-8")
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        line = text[: block.start(1)].count("\n") + 1
        command, output, at = "", "", 0
        for number, row in enumerate(block[1].splitlines(keepends=True)):
            if row.startswith("$ "):
                if command:
                    found.append(Step(command, output, at))
                command, output, at = row[2:].strip(), "", line + number
            else:
                output += row
        if command:
            found.append(Step(command, output, at))
    return found


def matches(expected: str, printed: str) -> bool:
    """Whether the output is what the page shows."""
    pattern = re.escape(expected.strip()).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
