"""The numbers under which desks keep reports, and the forms that they want."""

import pytest

from sc.content.ticket import form, ticket


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[Ticket#2026112010000012] Abuse report", "Ticket#2026112010000012"),
        ("[Ticket: 4711] Re: Abuse report", "Ticket: 4711"),
        ("[hosting.example #12345] AutoReply: Abuse", "hosting.example #12345"),
        ("[#ABC-123] Abuse report", "ABC-123"),
        ("[ABUSE-9981] created", "ABUSE-9981"),
        ("[#4711] Re: spam", "#4711"),
        ("Request received: Abuse report (#55021)", "#55021"),
        ("Re: Abuse report (ABUSE-17)", "ABUSE-17"),
        ("Your Case ID: CS0012345 was opened", "Case ID: CS0012345"),
        ("Abuse report: spam from IP 192.0.2.7 at 2026-11-20 10:00 UTC", ""),
        ("Re: [EXTERNAL] Abuse report", ""),
    ],
)
def test_subject(subject: str, expected: str) -> None:
    """OTRS, RT, Freshdesk, Jira, Zendesk; and our own subject has none."""
    assert ticket(subject, "") == expected


def test_words() -> None:
    """The subject's number first, then the first lines'."""
    words = "Thank you. Your reference number is: ticket #A-7781."
    assert ticket("Re: Abuse", words) == "ticket #A-7781"
    assert ticket("[#1] Abuse", words) == "#1"
    assert ticket("Abuse", "x" * 500 + words) == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "Please use our web form: https://isp.example/abuse.",
            "https://isp.example/abuse",
        ),
        (
            "Visit https://isp.example/report (our abuse form) instead.",
            "https://isp.example/report",
        ),
        ("Our web form is nice.", ""),
        ("Perform https://isp.example/", ""),
        ("https://isp.example/", ""),
    ],
)
def test_form(words: str, expected: str) -> None:
    assert form(words) == expected
