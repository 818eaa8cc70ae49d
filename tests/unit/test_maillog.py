"""sc.maillog: the lines an operator greps."""

from ipaddress import ip_address

import pytest
from twisted.logger import LogEvent, Logger, formatEvent

from sc.maillog import MailLog, plain
from sc.model.decision import Decision, RecipientDecision
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import ReportState, ReportStatus
from sc.model.verdict import ScannerResult, State, Verdict
from tests.fakes.flow import CLEAN, SPAM, SUSPICIOUS


def written(events: list[LogEvent]) -> MailLog:
    return MailLog(Logger("test", observer=events.append))  # type: ignore[arg-type]


def test_one_line_a_message() -> None:
    """Everything about a scan is in one line of named fields."""
    events: list[LogEvent] = []
    envelope = Envelope(
        sender="", recipients=("a@x.example",), client_ip=ip_address("192.0.2.1")
    )
    failed = ScannerResult("clamav", State.ERROR, error="no answer in 5 s")
    written(events).scanned(
        Message("id-1", envelope, b"12345", "lmtp"),
        "inbound",
        Verdict("id-1", (failed,)),
        (RecipientDecision("a@x.example", SPAM),),
        0.0123,
    )
    assert formatEvent(events[0]) == (
        "scanned id=id-1 listener=lmtp direction=inbound ip=192.0.2.1 user=-"
        " from=<> rcpts=1 size=5 action=reject reason=spam score=15.00"
        " symbols=STUB errors=clamav:no_answer_in_5_s ms=12"
    )


@pytest.mark.parametrize(
    ("others", "observed", "words"),
    [
        ((), True, " action=no_action would=reject reason=spam score=15.00 "),
        ((CLEAN,), False, " action=reject also=no_action reason=spam "),
        ((CLEAN, SUSPICIOUS), False, " action=reject also=add_header,no_action "),
        ((CLEAN,), True, " action=no_action would=reject also=no_action reason=spam "),
    ],
)
def test_actions(others: tuple[Decision, ...], observed: object, words: str) -> None:
    """The most severe decision stands first, whichever recipient it is about."""
    events: list[LogEvent] = []
    decisions = tuple(RecipientDecision(None, d) for d in (*others, SPAM))
    written(events).scanned(
        Message("id-1", Envelope(), b""),
        "inbound",
        Verdict("id-1"),
        decisions,
        0,
        observed=bool(observed),
    )
    assert words in formatEvent(events[0])


def test_a_stranger_cannot_forge_a_line() -> None:
    """A sender with line ends and blanks stays one word of one line."""
    events: list[LogEvent] = []
    envelope = Envelope(sender="a@x\r\nscanned id=2 {id}")
    written(events).scanned(
        Message("id-1", envelope, b""),
        "inbound",
        Verdict("id-1"),
        (RecipientDecision(None, SPAM),),
        0,
    )
    assert " from=a@x__scanned_id=2_{id} rcpts=0 " in formatEvent(events[0])


def test_report_line() -> None:
    """One line for each state that a report reaches."""
    events: list[LogEvent] = []
    status = ReportStatus("r1", "abuse@x.example", ReportState.FAILED, "550 no")
    written(events).reported("id-1", status, "192.0.2.1")
    assert formatEvent(events[0]) == (
        "report id=r1 message=id-1 contact=abuse@x.example evidence=192.0.2.1"
        " state=failed reason=550_no"
    )


def test_long_words_are_cut() -> None:
    """A 1 MB address costs 200 characters of log."""
    assert plain("a" * 1000) == "a" * 200 + "..."
    assert plain("a" * 200) == "a" * 200
