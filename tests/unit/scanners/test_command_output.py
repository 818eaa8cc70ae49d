"""sc.scanners.command_output: exit codes and lines, by the operator's word."""

import re
import sys
import time

import pytest

from sc.scanners.command_output import (
    COLUMNS,
    FOUND,
    LINES,
    LinePattern,
    Meaning,
    OutputReader,
    are_codes,
)

CODES = {
    "0": Meaning.CLEAN,
    "1": Meaning.VIRUS,
    "2,3-4": Meaning.SPAM,
    "5": Meaning.OUTPUT,
    "6": Meaning.SKIP,
    "7": Meaning.ERROR,
}
VIRUS = LinePattern(regex=r"infected: (\S+)", means=Meaning.VIRUS)
CLEAN = LinePattern(regex="^all clean$", means=Meaning.CLEAN)
BROKEN = LinePattern(regex="corrupt", means=Meaning.ERROR)
READER = OutputReader.by(CODES, [VIRUS, CLEAN, BROKEN])


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (0, "", Meaning.CLEAN),
        (1, "", Meaning.VIRUS),
        (3, "", Meaning.SPAM),
        (5, "", Meaning.OUTPUT),
        (5, "x\nall clean\n", Meaning.CLEAN),
        (6, "", Meaning.SKIP),
        (7, "all clean", Meaning.ERROR),
        (8, "", Meaning.ERROR),
        (8, "all clean", Meaning.ERROR),
        (8, "infected: X", Meaning.VIRUS),
        (0, "infected: X", Meaning.VIRUS),
        (0, "corrupt", Meaning.ERROR),
        (3, "corrupt", Meaning.ERROR),
        (1, "corrupt", Meaning.VIRUS),
    ],
)
def test_meaning(code: int, text: str, meaning: Meaning) -> None:
    """The worst counts; what nobody listed is an error, never clean."""
    assert READER.read(code, text).meaning is meaning


def test_names() -> None:
    """What was found is told once, in printable ASCII, and not without end."""
    lines = ["infected: B\x1b[1mé", "infected: A", "infected: A"]
    assert READER.read(1, "\n".join(lines)).names == ("B?[1m?", "A")
    many = READER.read(1, "\n".join(f"infected: V{i}" for i in range(50)))
    assert many.names == tuple(f"V{i}" for i in range(FOUND))
    [name] = READER.read(1, f"infected: {'x' * 500}").names
    assert len(name) == 100


def test_groups() -> None:
    """The group `name` counts, else the first; a pattern needs none."""
    named = LinePattern(regex=r"(\w+) (?P<name>\w+)", means=Meaning.SPAM)
    bare = LinePattern(regex="a", symbol="SEEN")
    unmatched = LinePattern(regex="(z)?b")
    reader = OutputReader.by({"0": Meaning.CLEAN}, [named, bare, unmatched])
    reading = reader.read(0, "a b")
    assert reading.by_pattern == {named: ("b",), bare: (), unmatched: ()}
    assert reader.possible == {Meaning.SPAM, Meaning.OUTPUT, Meaning.CLEAN}


def test_bounds() -> None:
    """Long lines are cut, and what stands behind thousands of lines is not read."""
    cut = READER.read(0, "x" * COLUMNS + "infected: X")
    behind = READER.read(0, "\n" * LINES + "infected: X")
    assert cut.meaning is behind.meaning is Meaning.CLEAN


def test_regex_cannot_be_slow() -> None:
    """What takes Python's own expressions for ever is read in linear time."""
    pattern = LinePattern(regex="(a+)+$", means=Meaning.VIRUS)
    reader = OutputReader.by({"0": Meaning.CLEAN}, [pattern])
    before = time.process_time()
    assert reader.read(0, ("a" * 900 + "!\n") * 50).meaning is Meaning.CLEAN
    assert time.process_time() - before < 10.0


@pytest.mark.parametrize(
    ("regex", "why"),
    [("(a", "missing )"), ("(?!a)b", "invalid perl operator"), (r"(a)\1", "escape")],
)
def test_bad_regex(regex: str, why: str) -> None:
    """RE2's own word on it."""
    with pytest.raises(ValueError, match=re.escape(why)):
        LinePattern(regex=regex)


def test_re2_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(ValueError, match=re.escape("pip install 'sc[command]'")):
        LinePattern(regex="a")


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ({}, "at least one"),
        ({"x": Meaning.CLEAN}, "must be an exit code"),
        ({"-1": Meaning.CLEAN}, "must be an exit code"),
        ({"256": Meaning.CLEAN}, "must be an exit code"),
        ({"5-3": Meaning.CLEAN}, "must be an exit code"),
        ({"3,": Meaning.CLEAN}, "must be an exit code"),
        ({"1-3": Meaning.CLEAN, "2": Meaning.SPAM}, "stands there already"),
    ],
)
def test_bad_codes(codes: dict[str, Meaning], why: str) -> None:
    """Each exit code means one thing."""
    with pytest.raises(ValueError, match=why):
        are_codes(None, None, codes)
