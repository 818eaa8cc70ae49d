"""sc.content.fields: the header section as it stands."""

import mmap
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.fields import (
    MAX_EDITED,
    MAX_EDITED_LINES,
    MAX_FIELDS,
    MAX_HEADER,
    header_end,
    read_fields,
    text,
    uneditable,
)


@pytest.mark.parametrize(
    ("content", "end", "body"),
    [
        (b"A: 1\r\n\r\nbody", 6, 8),
        (b"A: 1\n\nbody", 5, 6),
        (b"A: 1\n\r\nbody", 5, 7),
        (b"A: 1\r\nB: 2\n\nbody\r\n\r\n", 11, 12),
        (b"\r\nbody", 0, 2),
        (b"\nbody", 0, 1),
        (b"A: 1\r\n", 6, 6),
        (b"", 0, 0),
    ],
)
def test_header_end(content: bytes, end: int, body: int) -> None:
    """The first empty line ends the header section, whatever its line ends."""
    assert header_end(content) == (end, body)


def test_header_end_far_away() -> None:
    """A header section of a megabyte still ends where it ends."""
    content = b"A: " + b"x" * (1 << 20) + b"\n\nbody"
    assert header_end(content) == (len(content) - 5, len(content) - 4)


def test_fields_with_folds_and_junk() -> None:
    """Folded fields are one; lines that are no fields are passed over."""
    content = b"From joe\nA : 1\r\n\t2\r\njunk\r\nB:\r\n C:no\nC:3\r\n\r\nD: 4"
    fields = read_fields(content)
    assert [(f.name, f.value) for f in fields] == [
        ("A", b" 1\r\n\t2"),
        ("B", b"\r\n C:no"),
        ("C", b"3"),
    ]
    assert content[fields[0].start : fields[0].end] == b"A : 1\r\n\t2\r\n"


def test_fields_of_a_mapped_file() -> None:
    """A message in a file is read like one in memory."""
    with tempfile.TemporaryFile() as file:
        file.write(b"A: 1\r\n\r\nbody")
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert [f.name for f in read_fields(mapped)] == ["A"]


def test_too_many_fields() -> None:
    """Ten thousand fields are cut at the limit."""
    assert len(read_fields(b"A: 1\r\n" * 10_000)) == MAX_FIELDS


def test_fields_beyond_the_limit() -> None:
    """Of a huge header section the first half megabyte is read."""
    huge = b"A: " + b"x" * (MAX_HEADER - 5) + b"\r\n" + b"B: 1\r\n\r\n"
    assert [f.name for f in read_fields(huge)] == ["A"]


@pytest.mark.parametrize("spare", [0, 1])
def test_too_many_octets_to_edit(spare: int) -> None:
    """A header section is written anew up to a megabyte."""
    header = b"A: " + b"x" * (MAX_EDITED - 5 + spare) + b"\r\n"
    assert uneditable(header + b"\r\nbody") is bool(spare)
    assert uneditable(header) is bool(spare)
    assert uneditable(b"A: 1\r\n\r\n" + header * 2) is False


@pytest.mark.parametrize("spare", [0, 1])
def test_too_many_lines_to_edit(spare: int) -> None:
    """And up to so many lines; those of the body do not count."""
    header = b"A: 1\n" * (MAX_EDITED_LINES + spare)
    assert uneditable(header + b"\n" + b"x\n" * MAX_EDITED_LINES) is bool(spare)
    assert uneditable(header) is bool(spare)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b" a\r\n b ", "a b"), (b"\xc3\xa9", "é"), (b"\xe9", "é"), (b"a\rb", "a b")],
)
def test_text(value: bytes, expected: str) -> None:
    """Unfolded; UTF-8 if it is, else Latin-1."""
    assert text(value) == expected


@given(st.binary(max_size=300))
def test_offsets_hold(content: bytes) -> None:
    """Whatever the octets, every field lies where it says, in order."""
    end, body = header_end(content)
    assert 0 <= end <= body <= len(content)
    position = 0
    for field in read_fields(content):
        assert position <= field.start < field.end <= end
        assert content[field.start :].startswith(field.name.encode())
        position = field.end
