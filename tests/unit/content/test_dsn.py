"""RFC 3464: what a delivery status says, and what strangers make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dsn import (
    MAX_RECIPIENTS,
    MAX_TEXT,
    Action,
    RecipientStatus,
    enhanced_status,
    one_line,
    read_delivery_status,
)

POSTFIX = b"""\
Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 4Z1
Original-Envelope-Id: r1
Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0000 (UTC)

Final-Recipient: rfc822; Abuse@net.example
Original-Recipient: rfc822;abuse@net.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.net.example
Diagnostic-Code: smtp; 550 5.1.1 <abuse@net.example>: Recipient address
    rejected: User unknown
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_postfix(end: bytes) -> None:
    """The recipient, what became of it, and the words of the host that refused."""
    read = read_delivery_status(POSTFIX.replace(b"\n", end))
    assert read.envelope_id == "r1"
    (one,) = read.recipients
    assert one.action is Action.FAILED
    assert one.recipients == ("abuse@net.example",)
    assert one.status == "5.1.1"
    assert one.reason == (
        "550 5.1.1 <abuse@net.example>: Recipient address rejected: User unknown"
    )


def test_several() -> None:
    """Each recipient has its own fate."""
    groups = [
        b"Final-Recipient: rfc822; %s@b.example\nAction: %s\nStatus: %s\n"
        % (action[:1], action, status)
        for action, status in (
            (b"failed", b"5.2.2 (full)"),
            (b"Delayed (will be retried)", b"4.4.1"),
            (b"delivered", b"2.1.5"),
            (b"relayed", b"2.1.9"),
            (b"expanded", b"2.1.5"),
        )
    ]
    read = read_delivery_status(b"Reporting-MTA: dns; x\n\n" + b"\n".join(groups))
    assert [(r.action, r.status) for r in read.recipients] == [
        (Action.FAILED, "5.2.2"),
        (Action.DELAYED, "4.4.1"),
        (Action.DELIVERED, "2.1.5"),
        (Action.RELAYED, "2.1.9"),
        (Action.EXPANDED, "2.1.5"),
    ]
    assert read.envelope_id == ""


NOTES = b"Diagnostic-Code: no such user\x1b[2J"


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (
            b"Final-Recipient: utf-8; b\xc3\xa9@x.example\nAction: failed\n",
            RecipientStatus(Action.FAILED, ("b\u00e9@x.example",)),
        ),
        (
            b"Action: failed\nStatus: bad\nDiagnostic-Code: X-Notes; 5.1.1 nobody\n",
            RecipientStatus(Action.FAILED, (), "5.1.1", "5.1.1 nobody"),
        ),
        (
            b"Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no\n",
            RecipientStatus(Action.FAILED, (), "5.1.1", "550 5.1.1 no"),
        ),
        (
            b"Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 450 4.2.1 no\n",
            RecipientStatus(Action.FAILED, (), "5.0.0", "450 4.2.1 no"),
        ),
        (
            b"Action: failed\nFinal-Recipient: <a@b.example>\n%s\n" % NOTES,
            RecipientStatus(Action.FAILED, ("a@b.example",), "", "no such user [2J"),
        ),
    ],
)
def test_odd_fields(group: bytes, expected: RecipientStatus) -> None:
    """Addresses beyond ASCII, a status that tells nothing, words that move a cursor."""
    assert read_delivery_status(b"A: b\n\n" + group).recipients == (expected,)


def test_reason() -> None:
    """The status stands first unless the host's own words name it."""
    assert RecipientStatus(Action.FAILED, (), "5.1.1", "gone").reason == "5.1.1 gone"
    assert RecipientStatus(Action.FAILED, (), "5.1.1").reason == "5.1.1"
    assert RecipientStatus(Action.FAILED, (), "", "gone").reason == "gone"
    other = RecipientStatus(Action.FAILED, (), "5.1.1", "550 5.7.1 as 5.1.1")
    assert other.reason.startswith("5.1.1 550")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\n\n\n",
        b"Action: exploded\n",
        b"Final-Recipient: rfc822; a@b.example\n",
        b"no fields at all",
    ],
)
def test_tells_nothing(payload: bytes) -> None:
    """What tells no fate is no bounce."""
    assert read_delivery_status(payload).recipients == ()


def test_bounds() -> None:
    """A hundred recipients and half a page of words, however many come."""
    group = b"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; " + b"x" * 5000
    payload = b"A: b\n\n" + b"\n\n".join([group] * 30)
    (first, *_) = read_delivery_status(payload).recipients
    assert len(first.diagnostic) <= MAX_TEXT
    many = b"A: b\n\n" + b"Action: failed\n\n" * 5000
    assert len(read_delivery_status(many).recipients) == MAX_RECIPIENTS


def test_enhanced_status() -> None:
    """A code is no part of an address or a version."""
    assert enhanced_status("550-5.1.10 gone") == "5.1.10"
    assert enhanced_status("from 10.5.1.1 and 5.1.1.2") == ""


def test_one_line() -> None:
    assert one_line("a\r\n b\0c " + "x" * 9, 6) == "a b c"


@given(st.binary(max_size=400))
def test_never_raises(payload: bytes) -> None:
    """Whatever arrives, it is read."""
    for recipient in read_delivery_status(payload).recipients:
        assert "\n" not in recipient.reason
