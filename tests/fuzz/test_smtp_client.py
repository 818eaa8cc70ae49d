"""The SMTP client codec and the dot-stuffer against anything."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from sc.wire.dots import DotStuffer
from sc.wire.smtp_auth import Credentials
from sc.wire.smtp_client import (
    BodyWanted,
    Event,
    MailFinished,
    Ready,
    SmtpClient,
    TlsWanted,
)
from sc.wire.smtp_data import DataReader
from sc.wire.smtp_mail import Dialect, OutgoingMail
from sc.wire.smtp_opening import Tls
from sc.wire.smtp_replies import ProtocolError

REPLIES = (
    *("220 hi", "250-a", "250 ok", "250 PIPELINING", "354 go", "421 bye", "550 no"),
    *("250-STARTTLS", "250 AUTH PLAIN LOGIN CRAM-MD5", "334 PGE+", "235 ok", "504 no"),
)
WORDS = st.sampled_from([f"{reply}\r\n".encode() for reply in REPLIES])
STREAM = st.lists(WORDS | st.binary(max_size=8), max_size=20)
MAIL = OutgoingMail("a@b.org", ("c@d.org", "e@f.org"), 3, eight_bit=False)


def converse(chunks: list[bytes], dialect: Dialect) -> tuple[list[Event], bytes]:
    """Everything that happens until the conversation breaks."""
    client = SmtpClient("us", dialect)
    events: list[Event] = []
    sent = b""
    with suppress(ProtocolError):
        for chunk in chunks:
            for event in client.receive_data(chunk):
                events.append(event)
                if isinstance(event, Ready):
                    client.start(MAIL)
                elif isinstance(event, BodyWanted):
                    client.send_body(b".")
                    client.end_body()
            sent += client.data_to_send()
    return events, sent


@given(STREAM, st.sampled_from(Dialect))
def test_only_protocol_error(chunks: list[bytes], dialect: Dialect) -> None:
    """Whatever a server says, nothing but `ProtocolError` comes out, and one end."""
    events, sent = converse(chunks, dialect)
    ends = [e for e in events if isinstance(e, MailFinished)]
    assert len(ends) <= 1
    assert all(len(end.replies) == 2 for end in ends)
    assert sent.count(b"\r\n.\r\n") <= 1


@given(STREAM, st.sampled_from(Dialect))
def test_cuts_do_not_matter(chunks: list[bytes], dialect: Dialect) -> None:
    """The same octets cut elsewhere give the same events."""
    single = [bytes([octet]) for octet in b"".join(chunks)]
    assert converse(chunks, dialect)[0] == converse(single, dialect)[0]


@given(STREAM, st.sampled_from(Dialect), st.sampled_from(Tls))
def test_nothing_private_in_clear(
    chunks: list[bytes], dialect: Dialect, tls: Tls
) -> None:
    """Whatever a server says: before TLS no password, and with `required` no mail."""
    client = SmtpClient("us", dialect, tls, Credentials("us", "secret"))
    in_clear = b""
    with suppress(ProtocolError):
        for chunk in chunks:
            events = client.receive_data(chunk)
            in_clear += client.data_to_send()
            assert not any(isinstance(event, Ready) for event in events)
            if TlsWanted() in events:
                break
    assert in_clear.count(b"\r\n") <= 3
    assert b"AUTH" not in in_clear
    assert b"MAIL" not in in_clear


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\xff"])))
def test_no_text_ends_the_message(chunks: list[bytes]) -> None:
    """Our own server reads back one message, and nothing behind it."""
    stuffer = DotStuffer()
    wire = b"".join(map(stuffer.stuff, chunks)) + stuffer.end()
    whole = DotStuffer()
    assert wire == whole.stuff(b"".join(chunks)) + whole.end()
    reader = DataReader(10_000, 10_000)
    text, rest = reader.feed(wire + b".\r\n")
    assert (reader.ended, rest) == (True, b"")
    again = DotStuffer()
    assert again.stuff(text) + again.end() == wire
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")
