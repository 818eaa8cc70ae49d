"""sc.wire.spamc: what we write to spamd, and what counts as its answer."""

import pytest

from sc.wire import spamc
from sc.wire.spamc import ProtocolError, Refused, Result

HEAD = b"SPAMD/1.1 0 EX_OK\r\n"
SPAM = b"Spam: True ; 15.0 / 5.0\r\n"


def reply(body: bytes, *lines: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return HEAD + b"Content-length: %d\r\n" % size + b"".join(lines) + b"\r\n" + body


def test_request() -> None:
    """SYMBOLS with the length, the user and the message."""
    assert b"".join(spamc.request(b"a\r\n", "joe")) == (
        b"SYMBOLS SPAMC/1.5\r\nContent-length: 3\r\nUser: joe\r\n\r\na\r\n"
    )


def test_long_request_without_user() -> None:
    """A long message goes in slices; no user leaves the choice to spamd."""
    first, *slices = spamc.request(bytes(spamc.CHUNK * 2 + 1))
    head, _, begun = first.partition(b"\r\n\r\n")
    assert head == b"SYMBOLS SPAMC/1.5\r\nContent-length: 131073"
    assert [len(s) for s in (begun, *slices)] == [spamc.CHUNK, spamc.CHUNK, 1]


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (reply(b"GTUBE,A_1", SPAM), Result(True, 15.0, 5.0, ("GTUBE", "A_1"))),
        (
            reply(b"", b"Spam: False ; -0.0 / 5.0\r\n"),
            Result(False, 0.0, 5.0),
        ),
        (reply(b"none", b"spam: No ; 1 / 5\r\n"), Result(False, 1.0, 5.0)),
        (
            reply(b"A\r\n", b"Spam: Yes ; 1000.5 / 5.0\r\n"),
            Result(True, 1000.5, 5.0, ("A",)),
        ),
        (
            b"SPAMD/1.0 79 Timeout: (300 second timeout)\r\n",
            Refused(79, "Timeout: (300 second timeout)"),
        ),
        (b"SPAMD/1.0 75 EX_TEMPFAIL", Refused(75, "EX_TEMPFAIL")),
    ],
)
def test_replies(octets: bytes, result: spamc.Reply) -> None:
    """Spam, ham and spamd's own errors are told apart."""
    assert spamc.parse_reply(octets) == result


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        HEAD,
        HEAD + SPAM,
        HEAD + SPAM + b"\r\n",
        b"SPAMD/1.1 0 EX_TEMPFAIL\r\n" + reply(b"A", SPAM).removeprefix(HEAD),
        reply(b"A", SPAM, length=2),
        reply(b"AB", SPAM, length=1),
        reply(b"A", b"Spam: True ; nan / 5.0\r\n"),
        reply(b"A", b"Spam: True ; 1e9 / 5.0\r\n"),
        reply(b"A", b"Spam: Maybe ; 1.0 / 5.0\r\n"),
        reply(b"A", SPAM, SPAM),
        reply(b"A", SPAM, b"no colon\r\n"),
        reply(b"A", SPAM, *[b"X-%s: 1\r\n" % bytes([65 + i]) for i in range(40)]),
        reply(b"A, B", SPAM),
        reply(b",".join([b"A"] * 1001), SPAM),
        reply(b"<script>", SPAM),
        reply(b"A", SPAM).replace(b"\r\n", b"\n"),
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_no_answer(octets: bytes) -> None:
    """A wrong, cut, lying or unknown reply is an error, never ham."""
    with pytest.raises(ProtocolError):
        spamc.parse_reply(octets)


@pytest.mark.parametrize("cut", range(len(reply(b"GTUBE", SPAM))))
def test_no_part_of_a_reply_is_one(cut: int) -> None:
    """Wherever a reply is cut, what is left is an error."""
    with pytest.raises(ProtocolError):
        spamc.parse_reply(reply(b"GTUBE", SPAM)[:cut])


def test_pong() -> None:
    """Only PONG answers a PING."""
    spamc.parse_pong(b"SPAMD/1.5 0 PONG\r\n")
    with pytest.raises(ProtocolError):
        spamc.parse_pong(b"SPAMD/1.5 76 Bad header line\r\n")
