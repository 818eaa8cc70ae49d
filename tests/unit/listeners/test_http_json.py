"""JSON from strangers: octets that stay, and bounds."""

import json
from pathlib import Path

import pytest

from sc.listeners.http.json_text import (
    MAX_STRUCTURE,
    JsonError,
    LongText,
    decode,
    encode,
    octets_of,
)
from sc.listeners.intake import Intake


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (b'"\xff\xfe"', b"\xff\xfe"),
        (b'"\xed\xa0\x80"', b"\xed\xa0\x80"),
        (b'"\xf0\x9f\x98\x80"', b"\xf0\x9f\x98\x80"),
        (b'"\\ud83d\\ude00"', b"\xf0\x9f\x98\x80"),
        (b'"\\ud800x"', b"\xef\xbf\xbdx"),
        (b'"\\ude00"', b"\xef\xbf\xbd"),
        (b'"\xff\\ud800"', b"\xff\xef\xbf\xbd"),
        (b'"\\u0000\\r\\n"', b"\0\r\n"),
        (b'"raw\ttab\r\n"', b"raw\ttab\r\n"),
    ],
)
def test_octets(text: bytes, octets: bytes) -> None:
    """What came raw goes on raw; half of a pair becomes U+FFFD."""
    assert octets_of(decode(text)) == octets


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "Expecting value"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"{}x", "Extra data"),
        (b'{"a"', "Expecting ':'"),
        (b'"open', "a string is not closed"),
        (b'"' + b'\\"' * 100000, "a string is not closed"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is given twice"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1" * 5000, "a number is too long"),
        (b"[" * 20000, "nested too deeply"),
        (b'{"a":' * 10000, "nested too deeply"),
        (b'["a",' * 70000, "too many elements"),
    ],
)
def test_no_json(text: bytes, why: str) -> None:
    """Each has one sentence, and takes no more than its octets."""
    with pytest.raises(JsonError, match=why):
        decode(text)


@pytest.mark.parametrize("extra", [0, 1])
def test_structure_is_bounded(extra: int) -> None:
    """So many octets outside of strings, and not one more."""
    text = b'{"a": "b"}' + b" " * (MAX_STRUCTURE - 4 + extra)
    if extra:
        with pytest.raises(JsonError, match="too many elements"):
            decode(text)
    else:
        assert decode(text) == {"a": "b"}


def test_long_strings_are_free() -> None:
    """A large message is one string, whatever stands in it."""
    message = ',[]{}:"\\' * 100000
    assert told(decode(encode({"message": message}))) == message.encode()


def test_in_a_file(tmp_path: Path) -> None:
    """A large body is read from its file."""
    intake = Intake(1 << 22, str(tmp_path))
    intake.write(b'{"a": "' + b"x" * (1 << 21) + b'"}')
    found = decode(intake.finish())["a"]
    assert isinstance(found, LongText)
    assert b"".join(found.pieces) == b"x" * (1 << 21)


def told(members: dict[str, object]) -> bytes:
    """The octets of a message, long or not."""
    text = members["message"]
    assert isinstance(text, str | LongText)
    return octets_of(text) if isinstance(text, str) else b"".join(text.pieces)


@pytest.mark.parametrize(
    "piece", [b"\\ud83d\\ude00", b"\\\\", b"\\u00e4", b"\xc3\xa4", b"\xff", b"\\ud83d"]
)
@pytest.mark.parametrize("shift", range(12))
def test_pieces_cut_nothing_in_two(piece: bytes, shift: int) -> None:
    """Wherever a piece of a long string ends, its escapes and characters stay."""
    text = b"x" * shift + piece * 30_000
    whole = octets_of(json.loads(f'"{text.decode("utf-8", "surrogateescape")}"'))
    assert told(decode(b'{"message": "' + text + b'"}')) == whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"message": "' + b"x" * 300_000, "a string is not closed"),
        (b'{"message": "' + b"x" * 300_000 + b'\\u12G4"}', "wrong escape"),
        (b'{"message": "' + b"x" * 300_000 + b'\\x"}', "wrong escape"),
        (b"[" + b'"%s",' % (b"x" * 60_000) * 20 + b"1]", "too much text"),
    ],
)
def test_long_and_wrong(text: bytes, why: str) -> None:
    """A long string has the same rules as a short one."""
    with pytest.raises(JsonError, match=why):
        decode(text)


def test_long_in_a_list() -> None:
    """A long string is taken as a member of an object only; elsewhere a mark stays."""
    assert isinstance(decode(b'["' + b"x" * 100_000 + b'"]')[0], str)


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        ("\U0001f600", '"\U0001f600"'.encode()),
        ("\ud83d", b'"\xef\xbf\xbd"'),
        ("a\udcffb", b'"a\xef\xbf\xbdb"'),
    ],
)
def test_encode(value: str, octets: bytes) -> None:
    """Answers are UTF-8, never escapes, never broken."""
    assert encode(value) == octets
