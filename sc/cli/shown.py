"""Answers of the daemon as people read them: a table, or a field a line."""

from collections.abc import Mapping, Sequence
from typing import Any

from sc.cli.asking import plain, utc


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """The names of the columns, and a line for each row."""
    lines = [columns, *([cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (f"{text:{w}}" for text, w in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def print_fields(fields: Mapping[str, Any], times: Sequence[str]) -> None:
    """
    @param times: those that are seconds since 1970.
    """
    for key, value in fields.items():
        print(f"{key}: {cell(time(value) if key in times else value)}")


def time(seconds: float | None) -> str:
    """ "" for what has not happened, or never will."""
    return utc(seconds) if seconds else ""


def cell(value: object) -> str:
    return plain("-" if value in (None, "") else str(value))
