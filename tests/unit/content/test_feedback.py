"""sc.content.feedback: which message of ours somebody disliked."""

from base64 import encodebytes

import pytest

from sc.content.feedback import MAX_IDS, Feedback, read_feedback

ID = "xc6hq2m4t0v3x9"
RETURNED = f"X-SC-Id: {ID}\r\nFrom: <alice@example.org>\r\nSubject: buy\r\n\r\nnow\r\n"


def report(
    returned: bytes = RETURNED.encode(),
    kind: str = "message/rfc822",
    encoding: str = "7bit",
    told: str = "Feedback-Type: abuse\r\nUser-Agent: X\r\nVersion: 1\r\n",
) -> bytes:
    head = (
        "From: <fbl@isp.example>\r\nX-SC-Id: aaaaaaaaaaaaaa\r\nContent-Type:"
        ' multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\n\r\nA complaint\r\n"
        f"--b\r\nContent-Type: message/feedback-report\r\n\r\n{told}\r\n"
        f"--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + returned + b"\r\n--b--\r\n"


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_report(kind: str) -> None:
    """The id stands in what is brought back, not in the report's own header."""
    assert read_feedback(report(kind=kind)) == Feedback("abuse", (ID,))


def test_encoded() -> None:
    """Some desks encode it."""
    octets = encodebytes(RETURNED.encode())
    assert read_feedback(report(octets, encoding="base64")) == Feedback("abuse", (ID,))


@pytest.mark.parametrize("value", ["no id of ours", "SHOUTED1234567", "x" * 500, ""])
def test_no_id(value: str) -> None:
    """What we never wrote is none."""
    found = read_feedback(report(f"X-SC-Id: {value}\r\n\r\n".encode()))
    assert found == Feedback("abuse", ())


def test_many_ids() -> None:
    """A report that names a thousand messages names a few."""
    header = "".join(f"X-SC-Id: abcdefghij{n:04}\r\n" for n in range(900))
    found = read_feedback(report(header.encode() + b"\r\n"))
    assert found is not None
    assert len(found.ids) == MAX_IDS


def test_untold_kind() -> None:
    """Without Feedback-Type it is one all the same."""
    assert read_feedback(report(told="Version: 1\r\n")) == Feedback("", (ID,))


@pytest.mark.parametrize("content", [b"", b"\r\n", RETURNED.encode(), report()[:120]])
def test_other_mail(content: bytes) -> None:
    """An answer that quotes our field is no feedback report."""
    assert read_feedback(content) is None
