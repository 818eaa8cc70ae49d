"""abuse.reports.report_id: our own report is known, and nothing else passes for it."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP

import pytest

from sc.abuse.reports.report_id import FIELD, SLACK, OwnReports, ReportSeal
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import State

SEAL = ReportSeal(b"s" * 32)
FIELDS = {
    "From": "<abuse@example.org>",
    "Subject": "Abuse report: spam from IP 192.0.2.7",
    "Message-ID": "<1@example.org>",
    "Content-Type": "multipart/report; boundary=x",
}
BODY = b"--x\r\n\r\nwords \r\n--x--\r\n\r\n"


def ours(seal: ReportSeal = SEAL, body: bytes = BODY) -> bytes:
    fields = FIELDS | {FIELD: seal.make("r7", FIELDS, body)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return lines.encode() + b"\r\n" + body


def test_ours() -> None:
    """A report that we wrote is known."""
    assert SEAL.is_ours(ours())
    assert b"X-SC-Report-Id: r7; v=1; size=24; bh=" in ours()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n", b"\n"),
        (b"words ", b"words"),
        (b"--x--\r\n\r\n", b"--x--\r\n"),
        (b"Subject: Abuse ", b"SUBJECT: Abuse\r\n\t"),
        (b"From: ", b"Received: from a by b; now\r\nX-Spam: No\r\nFrom: "),
    ],
)
def test_changed_by_the_way(old: bytes, new: bytes) -> None:
    """What MTAs change does not matter."""
    assert old in ours()
    assert SEAL.is_ours(ours().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"words", b"WORDS"),
        (b"words", b" words"),
        (b"<1@example.org>", b"<2@example.org>"),
        (b"Subject: Abuse", b"Subject: Invoice"),
        (b"<abuse@", b"Your bank <abuse@"),
        (b"boundary=x", b"boundary=y"),
        (b"Subject: ", b"Content-Transfer-Encoding: base64\r\nSubject: "),
        (b"Subject: ", b"Subject: first\r\nSubject: "),
        (b"X-SC-Report-Id: r7", b"X-SC-Report-Id: r8"),
        (b"v=1", b"v=2"),
        (b"X-SC-Report-Id: ", b"X-Other: "),
        (b"X-SC-Report-Id: ", b"X-SC-Report-Id: x\r\nX-SC-Report-Id: "),
        (b"mac=", b"mac=0"),
        (b"size=", b"size=1"),
        (b"bh=", b"bh=0"),
    ],
)
def test_forged(old: bytes, new: bytes) -> None:
    """The field copied into anything else proves nothing."""
    assert old in ours()
    assert not SEAL.is_ours(ours().replace(old, new, 1))


def test_another_key() -> None:
    """Another site's report is not ours."""
    assert not SEAL.is_ours(ours(ReportSeal(b"t" * 32)))


def test_too_large() -> None:
    """What is longer than what we wrote, or has a huge header, is not even hashed."""
    assert SEAL.is_ours(ours() + b"\r\n" * (SLACK // 2))
    assert not SEAL.is_ours(ours() + b"\r\n" * (SLACK // 2 + 1))
    header = b"X-Pad: " + b"x" * 100 + b"\r\n"
    assert not SEAL.is_ours(header * 700 + ours())


def test_rewritten_by_another_library() -> None:
    """A report that software has parsed and written again is still known."""
    parsed = BytesParser(_class=EmailMessage, policy=SMTP).parsebytes(ours())
    assert SEAL.is_ours(parsed.as_bytes())


def test_not_scanned() -> None:
    """Every scanner is skipped for our own report, and for nothing else."""
    own = OwnReports(SEAL, ("patterns", "clamav"))
    verdict = own.unscannable(Message("m1", Envelope(), ours()))
    assert verdict is not None
    assert [(r.scanner, r.state) for r in verdict.results] == [
        ("patterns", State.SKIPPED),
        ("clamav", State.SKIPPED),
    ]
    assert {r.reason for r in verdict.results} == {"our own report"}
    assert verdict.errors == {}
    assert own.unscannable(Message("m2", Envelope(), b"Subject: x\n\nspam")) is None
