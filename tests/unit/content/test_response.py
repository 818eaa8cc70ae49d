"""What comes back: bounces of all kinds, automatons, tickets and people."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dsn import Action
from sc.content.response import Kind, Response, read_response
from tests.fakes import responses

DESK = "abuse@net.example"


def read(content: bytes, *, null_sender: bool = True) -> Response:
    return read_response(content, null_sender=null_sender)


def fate(content: bytes, *, null_sender: bool = True) -> tuple[Action, str, str] | None:
    found = read(content, null_sender=null_sender).fate(DESK)
    return (found.action, found.status, found.diagnostic) if found else None


def test_notification() -> None:
    """RFC 3464: the status, the words, our ENVID."""
    response = read(responses.postfix())
    assert response.kind is Kind.STATUS
    assert response.envelope_id == "r1"
    assert fate(responses.postfix()) == (
        Action.FAILED,
        "5.1.1",
        "550 5.1.1 User unknown",
    )


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (("failed",), Action.FAILED),
        (("delayed",), Action.DELAYED),
        (("failed", "delivered"), Action.DELIVERED),
        (("delayed", "failed"), Action.FAILED),
        (("expanded", "failed"), Action.EXPANDED),
    ],
)
def test_fate(actions: tuple[str, ...], expected: Action) -> None:
    """A desk may be a list of people: one who has it is enough."""
    groups = [f"\nFinal-Recipient: rfc822; p@x.example\nAction: {a}\n" for a in actions]
    content = responses.postfix().decode().partition("\nFinal-Recipient")
    end = content[2].partition("\n\n")[2]
    found = fate((content[0] + "".join(groups) + "\n" + end).encode())
    assert found is not None
    assert found[0] is expected


def test_fate_of_ours() -> None:
    """What became of others says nothing, where ours is named."""
    mine = f"\nFinal-Recipient: rfc822; {DESK.upper()}\nAction: failed\nStatus: 5.1.1\n"
    other = "\nFinal-Recipient: rfc822; o@x.example\nAction: delivered\n"
    whole = responses.postfix().decode()
    head, _, rest = whole.partition("\nFinal-Recipient")
    content = head + other + mine + "\n" + rest.partition("\n\n")[2]
    found = fate(content.encode())
    assert found is not None
    assert found[0] is Action.FAILED


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (responses.QMAIL, (Action.FAILED, "5.1.1", "550 5.1.1 no such mailbox")),
        (responses.EXIM, (Action.FAILED, "", "550 Unrouteable address")),
        (responses.EXIM_DELAY, (Action.DELAYED, "", "")),
    ],
)
def test_words(content: bytes, expected: tuple[Action, str, str]) -> None:
    """Bounces that only people were meant to read."""
    assert fate(content) == expected


def test_exchange() -> None:
    """One in HTML; its words are between the tags."""
    found = fate(responses.EXCHANGE, null_sender=False)
    assert found is not None
    assert found[:2] == (Action.FAILED, "5.1.10")
    assert found[2].startswith("550 5.1.10 RESOLVER.ADR.RecipientNotFound")


def test_without_a_code() -> None:
    """An MTA that gives words only."""
    content = (
        b"From: postmaster@x.example\n\nDelivery to the following recipient failed"
    )
    assert fate(content + b" permanently: the disk is full") == (
        Action.FAILED,
        "",
        "permanently: the disk is full",
    )


def test_imitated() -> None:
    """A bounce that an answer quotes, or that a person wrote, is none."""
    quoted = b"From: abuse@net.example\n\n" + b"Thank you. " * 60 + responses.QMAIL
    assert read(quoted).kind is Kind.AUTOMATIC
    assert read(quoted, null_sender=False).kind is Kind.ANSWER
    head, _, words = responses.QMAIL.partition(b"\n\n")
    person = head.replace(b"MAILER-DAEMON", b"eve") + b"\n\n" + words
    assert read(person, null_sender=False).kind is Kind.ANSWER
    nested = responses.postfix().replace(b"multipart/report", b"multipart/mixed", 1)
    assert read(nested.replace(b"MAILER-DAEMON", b"eve"), null_sender=False).kind is (
        Kind.AUTOMATIC
    )


@pytest.mark.parametrize(
    ("content", "kind", "ticket"),
    [
        (responses.VACATION, Kind.AUTOMATIC, ""),
        (responses.TICKET, Kind.AUTOMATIC, "Ticket#4711"),
        (responses.ANSWER, Kind.ANSWER, ""),
        (responses.FEEDBACK, Kind.FEEDBACK, ""),
        (b"Precedence: auto_reply\n\nhello", Kind.AUTOMATIC, ""),
        (b"X-Autoreply: yes\n\nhello", Kind.AUTOMATIC, ""),
        (b"Subject: Out of office: back soon\n\nhello", Kind.AUTOMATIC, ""),
        (b"Auto-Submitted: no\n\nhello", Kind.ANSWER, ""),
        (
            b"Content-Type: multipart/report; report-type=disposition-notification\n\n",
            Kind.AUTOMATIC,
            "",
        ),
        (
            b"Content-Type: multipart/report; report-type=delivery-status\n\n",
            Kind.AUTOMATIC,
            "",
        ),
    ],
)
def test_kinds(content: bytes, kind: Kind, ticket: str) -> None:
    """Automatons, ticket systems, feedback loops, read receipts, people."""
    response = read(content, null_sender=False)
    assert (response.kind, response.ticket) == (kind, ticket)


def test_unknown_words() -> None:
    """A bounce in words that nobody knows is no answer of a person."""
    assert read(responses.ANSWER).kind is Kind.AUTOMATIC
    mta = responses.ANSWER.replace(b"alice@", b"MAILER-DAEMON@")
    assert read(mta, null_sender=False).kind is Kind.AUTOMATIC


def test_answer() -> None:
    """Who wrote, what, and about which mail."""
    response = read(responses.ANSWER, null_sender=False)
    assert response.sender == "alice@net.example"
    assert response.subject == "Re: Abuse report"
    assert response.words.startswith("The customer was disconnected.")
    assert response.message_ids == ("<1@example.org>",)
    assert read(b"From: nobody\n\n").sender == ""
    assert read(b'From: "x@y.example" <a@b.example>\n\n').sender == "a@b.example"


def test_thread() -> None:
    """The newest message of a thread is named last, and all are tried."""
    assert read(responses.TICKET).message_ids == ("<0@example.org>", "<1@example.org>")
    many = b"References: " + b" ".join(b"<%d@x>" % n for n in range(900))
    assert len(read(many + b"\n\n").message_ids) <= 50


HEADER = "X-SC-Report-Id: r1; v=1\nMessage-ID: <1@example.org>\nSubject: Abuse report"


@pytest.mark.parametrize(
    "content",
    [
        responses.postfix(header=HEADER),
        responses.QMAIL + HEADER.encode(),
        responses.postfix()
        .replace(
            b"Content-Type: text/rfc822-headers",
            b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64",
        )
        .replace(b"Subject: Abuse report", base64.b64encode(HEADER.encode())),
    ],
)
def test_returned(content: bytes) -> None:
    """The header of our report, wherever it stands and however it is encoded."""
    (section,) = read(content).returned
    names = {field.name.lower() for field in section}
    assert {"x-sc-report-id", "message-id", "subject"} <= names
    assert "<1@example.org>" in read(content).message_ids


def test_html_only() -> None:
    assert read(b"Content-Type: text/html\n\n<p>Hello <b>you</b>").words == (
        "Hello  you"
    )


def test_bounds() -> None:
    """30 MB, a thousand levels and a thousand returned headers are one page of work."""
    huge = responses.postfix() + b"x" * 70 + b"\n"
    huge += huge * 5000
    response = read(huge)
    assert response.kind is Kind.STATUS
    assert len(response.words) <= 2000
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
        for n in range(1000)
    )
    assert read(nested, null_sender=False).kind is Kind.ANSWER
    assert len(read(b"A: b\n\n" + b"X-SC-Report-Id: r\n\n" * 1000).returned) <= 5


@given(st.binary(max_size=300), st.booleans())
def test_never_raises(content: bytes, null_sender: bool) -> None:
    """Whatever arrives, it is something."""
    read(content, null_sender=null_sender)
    read(b"Content-Type: multipart/report; report-type=delivery-status\n" + content)


@pytest.mark.parametrize(
    "content",
    [
        responses.ODD,
        responses.postfix(envid="r\0001"),
        b"Content-Type: text/plain; charset=utf-7\n\nhi +2AA- there",
    ],
)
def test_storable(content: bytes) -> None:
    """No NUL and no half of a character: a store refuses them."""
    response = read(content, null_sender=False)
    kept = (response.sender, response.subject, response.words, response.envelope_id)
    for text in (*kept, *response.message_ids):
        assert "\0" not in text
        text.encode()
