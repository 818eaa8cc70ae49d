"""sc.wire.dcc: what dccifd is told, and what counts as its answer."""

from ipaddress import ip_address

import pytest

from sc.model.envelope import Envelope
from sc.wire import dcc
from sc.wire.dcc import Overall, ProtocolError, Result
from tests.fakes.dcc import reply

WHOLE = reply(b"R", b"RA", b"bulk Body=many Fuz1=2")


def told(envelope: Envelope) -> list[str]:
    """The lines before the message."""
    octets = b"".join(dcc.request(b"Subject: x\r\n\r\ny", envelope))
    lines, message = octets.decode().removesuffix("y").split("\n\nSubject")
    assert message == ": x\r\n\r\n"
    return lines.split("\n")


def test_request() -> None:
    """Client, HELO, sender and all recipients stand before the message."""
    envelope = Envelope(
        sender="a@example.org",
        recipients=("b@example.org", "c@example.org"),
        client_ip=ip_address("192.0.2.1"),
        helo="mail.example.org",
    )
    assert told(envelope) == [
        "header",
        "192.0.2.1",
        "mail.example.org",
        "a@example.org",
        "b@example.org",
        "c@example.org",
    ]


def test_nothing_known() -> None:
    """What is not known stays empty; somebody must be the recipient."""
    assert told(Envelope()) == ["header", "", "", "", "postmaster"]
    assert told(Envelope(sender=""))[3] == "<>"


@pytest.mark.parametrize("strange", ["a\nb", "a\rb", "", "x" * 400, "<>", "\udcff"])
def test_strange(strange: str) -> None:
    """What could become another line, or another value, is left out."""
    envelope = Envelope(sender="x" + strange * 400, recipients=(strange,), helo=strange)
    assert told(envelope)[4:] == ["postmaster"]
    assert told(envelope)[2] in ("", "<>")


def test_many_recipients() -> None:
    """A message to thousands is told of the first ones."""
    envelope = Envelope(recipients=("a@example.org",) * 1000)
    assert len(told(envelope)) == 4 + dcc.MAX_RECIPIENTS


def test_long_message() -> None:
    """A long message goes in slices."""
    _, *slices = dcc.request(bytes(dcc.CHUNK + 1), Envelope())
    assert [len(s) for s in slices] == [dcc.CHUNK, 1]


def test_probe() -> None:
    """A probe counts nothing anywhere."""
    [octets] = dcc.probe()
    assert octets.startswith(b"header query\n\n\n<>\npostmaster\n\nSubject: probe\n\n")


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (
            reply(b"A", b"A"),
            Result(Overall.ACCEPT, 0, 1, counts=("Body=1", "Fuz1=1", "Fuz2=1")),
        ),
        (WHOLE, Result(Overall.REJECT, 1, 2, True, ("Body=many", "Fuz1=2"))),
        (
            reply(b"S", b"AR", b"Body=many rep=12%"),
            Result(Overall.SOME, 1, 2, True, ("Body=many", "rep=12%")),
        ),
        (
            reply(b"A", b"A", b"From=many IP=ok2"),
            Result(Overall.ACCEPT, 0, 1, False, ("From=many", "IP=ok2")),
        ),
        (
            b"A\nA\nX-DCC-x: h 1;\n\tbulk Body=9\n\n",
            Result(Overall.ACCEPT, 0, 1, True, ("Body=9",)),
        ),
        (b"G\nGG\n\n", Result(Overall.GREYLIST, 0, 2)),
        (b"T\n\n\n", Result(Overall.LATER, 0, 0)),
    ],
)
def test_replies(octets: bytes, result: Result) -> None:
    """Each letter, the recipients' letters, and the counts in one line or two."""
    assert dcc.parse_reply(octets) == result


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"A",
        b"A\n\n\n",
        b"X\nA\n\n",
        b"A\nX\n\n",
        b"A\r\nA\r\n\r\n",
        b"A\nA\nSubject: x\n\n",
        b"A\nA\nX-DCC-x: \xe9\n\n",
        WHOLE + b"\n",
        b"A\n" + b"A" * 1000 + b"\n\n",
    ],
)
def test_no_answer(octets: bytes) -> None:
    """What is not exactly one answer is an error, never an accept."""
    with pytest.raises(ProtocolError):
        dcc.parse_reply(octets)


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_no_part_of_a_reply_is_one(cut: int) -> None:
    """Wherever a reply is cut, what is left is an error."""
    with pytest.raises(ProtocolError):
        dcc.parse_reply(WHOLE[:cut])
