"""sc.content.kind: messages that software wrote about other messages."""

import pytest

from sc.content.fields import read_fields
from sc.content.kind import automatic


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Subject: x", ""),
        ("Auto-Submitted: no", ""),
        ("Auto-Submitted: No (really)", ""),
        ("Auto-Submitted:", ""),
        ("Content-Type: multipart/mixed; report-type=delivery-status", ""),
        ("Content-Type: multipart/report; boundary=x", ""),
        ("Content-Type: multipart/report; report-type=other", ""),
        ("auto-submitted: auto-replied; owner-email=x", "software sent it"),
        ('Content-Type: multipart/report;\n report-type="delivery-status"', "delivery"),
        ("Content-Type: Multipart/Report; Report-Type = feedback-report", "feedback"),
        (
            "Content-Type: multipart/report; report-type=disposition-notification",
            "receipt",
        ),
        ("Content-Type: message/delivery-status", "delivery"),
        ("Auto-Submitted: no\nContent-Type: message/delivery-status", "delivery"),
    ],
)
def test_automatic(header: str, reason: str) -> None:
    """Bounces, feedback reports and answers are told, with the reason."""
    said = automatic(read_fields(header.encode()))
    assert bool(said) == bool(reason)
    assert reason in said
