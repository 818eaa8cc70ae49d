"""The messages behind what an operator names: files, `-`, mboxes, folders, maildirs.

One at a time, each bounded; what cannot be read is told, and the rest goes on.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

MAX_OCTETS = 64 << 20
"""Octets of one message that are kept; the rest is not evidence of anything."""

MAX_LINE = 1 << 20
"""Octets read at once from an mbox, whose lines a stranger wrote."""

# RFC 4155: "From ", a sender, and a time; mail software differs in all but that.
_SEPARATOR = re.compile(rb"From \S.*\d\d?:\d\d")
_QUOTED = re.compile(rb">+From ")


@frozen
class Found:
    """
    @ivar name: the path as it was given or reached; `path:N` for the Nth of an mbox
        that holds several; `-` for the standard input.
    """

    name: str
    content: bytes


@frozen
class Unreadable:
    """@ivar reason: a few words, without the name."""

    name: str
    reason: str


def read_messages(
    paths: Iterable[str], stdin: BinaryIO | None = None
) -> Iterator[Found | Unreadable]:
    """In the order given; a folder's in the order of their names."""
    for path in paths:
        if path == "-":
            yield from _read(path, stdin or sys.stdin.buffer)
        elif Path(path).is_dir():
            yield from _read_folder(Path(path))
        else:
            yield from _read_file(path)


def _read_folder(folder: Path) -> Iterator[Found | Unreadable]:
    """All below it. Of a maildir only what was delivered, with its subfolders."""
    problems: list[OSError] = []
    for name, folders, files in os.walk(folder, onerror=problems.append):
        if {"cur", "new"} <= set(folders):
            # What is in `tmp` is not whole yet; files beside are an index.
            folders[:] = sorted(set(folders) - {"tmp"})
            files = []  # noqa: PLW2901 nothing here is mail
        folders.sort()
        for file in sorted(files):
            path = Path(name, file)
            if not file.startswith(".") and path.is_file():  # A FIFO would wait.
                yield from _read_file(str(path))
    for e in problems:
        yield Unreadable(str(e.filename), e.strerror or str(e))


def _read_file(path: str) -> Iterator[Found | Unreadable]:
    try:
        with Path(path).open("rb") as stream:
            yield from _read(path, stream)
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        yield Unreadable(path, getattr(e, "strerror", None) or str(e))


def _read(name: str, stream: BinaryIO) -> Iterator[Found | Unreadable]:
    """One message, or, if it begins as one, an mbox."""
    first = stream.readline(MAX_LINE)
    if not first:
        yield Unreadable(name, "is empty")
    elif first.startswith(b"From "):
        yield from _numbered(name, _split(stream))
    else:
        # One octet more, so that the reader of the message sees that it was cut.
        rest = stream.read(MAX_OCTETS + 1 - len(first))
        yield Found(name, first + rest)


def _numbered(name: str, contents: Iterator[bytes]) -> Iterator[Found]:
    """A single message with a `From ` line before it keeps the file's name."""
    number, held = 0, next(contents)
    for content in contents:
        number += 1
        yield Found(f"{name}:{number}", held)
        held = content
    yield Found(f"{name}:{number + 1}" if number else name, held)


def _split(stream: BinaryIO) -> Iterator[bytes]:
    """The messages of an mbox whose first separator was read."""
    content = bytearray()
    begins, empty = True, False
    while line := stream.readline(MAX_LINE):
        if begins and empty and _SEPARATOR.match(line):
            yield bytes(content)
            content.clear()
        elif len(content) <= MAX_OCTETS:
            # mboxrd: one `>` was added before each line that looks like a separator.
            content += line[1:] if begins and _QUOTED.match(line) else line
        empty = line in (b"\n", b"\r\n")
        begins = line.endswith(b"\n")
    yield bytes(content)
