"""sc.content.origin: what is odd about Date, Message-ID and From."""

from datetime import UTC, datetime

import pytest

from sc.content.fields import read_fields
from sc.content.origin import Oddity, find_oddities, read_date

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATE = b"Date: Sat, 21 Nov 2026 11:00:00 +0000"
ID = b"Message-ID: <1@example.org>"
FROM = b"From: Alice <alice@example.org>"


def oddities(*lines: bytes) -> set[Oddity]:
    fields = read_fields(b"\r\n".join(lines) + b"\r\n\r\n")
    return set(find_oddities(fields, NOW))


def test_well_kept() -> None:
    """An ordinary message has nothing odd."""
    assert oddities(DATE, ID, FROM, b"To: b@example.net", b"Subject: x") == set()


def test_empty() -> None:
    """What is not there is named."""
    assert oddities(b"Subject: x") == {
        Oddity.NO_DATE,
        Oddity.NO_MESSAGE_ID,
        Oddity.NO_FROM,
    }


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"21 Nov 2026 11:00:00 -0000", set()),
        (b"Sun, 22 Nov 2026 11:00:00 +0000", set()),
        (b"Sun, 22 Nov 2026 13:00:00 +0000", {Oddity.FUTURE_DATE}),
        (b"Sat, 1 Jan 2000 00:00:00 +0000", set()),
        (b"Mon, 32 Foo 2026 11:00:00 +0000", {Oddity.BAD_DATE}),
        (b"today", {Oddity.BAD_DATE}),
        (b"", {Oddity.BAD_DATE}),
        (b"Sat, 21 Nov 2026 11:00:00 +99999999999", {Oddity.BAD_DATE}),
        (b"Fri, 31 Dec 9999 23:59:59 -1200", {Oddity.BAD_DATE}),
    ],
)
def test_date(date: bytes, expected: set[Oddity]) -> None:
    """A day ahead may be a wrong time zone; more is forged."""
    assert oddities(b"Date: " + date, ID, FROM) == expected


@pytest.mark.parametrize(
    "value", [b"", b"<>", b"1@example.org", b"<1>", b"<a b@c>", b"<a@b> <c@d>"]
)
def test_message_id(value: bytes) -> None:
    """RFC 5322 3.6.4: one in angle brackets."""
    assert oddities(DATE, b"Message-ID: " + value, FROM) == {Oddity.BAD_MESSAGE_ID}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", {Oddity.BAD_FROM}),
        (b"undisclosed", {Oddity.BAD_FROM}),
        (b"a@example.org, b@example.org", {Oddity.NO_SENDER}),
        (b"a@example.org\r\nSender: b@example.org\r\nFrom: c@example.org",
         {Oddity.SEVERAL_FROM}),
        (b'"service@bank.example" <x@evil.example>', {Oddity.OTHER_ADDRESS}),
        (b'"x@mail.bank.example" <x@bank.example>', set()),
        (b'"a@BANK.example" <x@bank.example>', set()),
        ("p\u0430ypal <x@evil.example>".encode(), {Oddity.MIXED_NAME}),
        ("Вася Smith <x@example.org>".encode(), set()),
        ("moc.\u202eabc <x@evil.example>".encode(), {Oddity.HIDDEN_NAME}),
    ],
)  # fmt: skip
def test_from(value: bytes, expected: set[Oddity]) -> None:
    """Who it is from, and whether the name deceives."""
    assert oddities(DATE, ID, b"From: " + value) == expected


def test_repeated() -> None:
    """RFC 5322 3.6: two Subjects let filter and reader see different ones."""
    assert oddities(DATE, ID, FROM, b"Subject: a", b"subject: b") == {Oddity.REPEATED}


def test_read_date() -> None:
    """A time in another zone is the same moment."""
    assert read_date(b" Sat, 21 Nov 2026 13:00:00 +0100 (CET)") == NOW
