"""sc.wire.json_reply: JSON that another program wrote."""

import pytest

from sc.wire.json_reply import is_number, read_object


def test_object() -> None:
    """Numbers, texts and lists come out as they are."""
    told = read_object(b'{"a": -1.5, "b": [9007199254740993], "c": "\\u00e9"}')
    assert told == {"a": -1.5, "b": [9007199254740993], "c": "é"}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 20 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\xff"}',
        b'{"a": 1} {}',
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_no_object(octets: bytes) -> None:
    """What is no object of JSON, or hostile, is one kind of error."""
    with pytest.raises(ValueError, match="not"):
        read_object(octets)


@pytest.mark.parametrize(
    ("value", "number"), [(1, True), (0.5, True), (True, False), ("1", False)]
)
def test_numbers(value: object, number: bool) -> None:
    """`true` is none, a text is none."""
    assert is_number(value) is number
