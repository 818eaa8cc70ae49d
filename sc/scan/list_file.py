"""A file with the entries of a list: one a line, `#` begins a comment."""

from collections.abc import Iterator
from pathlib import Path

from sc.scan.list_entry import Entry, read_entry

MAX_OCTETS = 4 * 1024 * 1024
MAX_ENTRIES = 50_000
"""Of one file; what has more is a job for a DNS list (rbldnsd)."""


class ListFileError(Exception):
    """The file cannot be used; the text names it, the line, and what is wrong."""


def read_list(path: str) -> tuple[Entry, ...]:
    """@raise ListFileError: it cannot be read, or not understood."""
    try:
        with Path(path).open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
        text = octets.decode("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ListFileError(f"{path}: {getattr(e, 'strerror', 'is not UTF-8')}") from e
    if len(octets) > MAX_OCTETS:
        raise ListFileError(f"{path}: is larger than {MAX_OCTETS} octets")
    entries = tuple(_entries(path, text))
    if len(entries) > MAX_ENTRIES:
        raise ListFileError(f"{path}: has more than {MAX_ENTRIES} entries")
    return entries


def _entries(path: str, text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.partition("#")[0].strip():
            continue
        origin = f"{path}:{number}"
        try:
            yield read_entry(line, origin)
        except ValueError as e:
            raise ListFileError(f"{origin}: {e}") from None
