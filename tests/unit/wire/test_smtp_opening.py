"""sc.wire.smtp_opening, by the client codec: STARTTLS and AUTH."""

import pytest

from sc.wire.smtp import Reply
from sc.wire.smtp_auth import Credentials
from sc.wire.smtp_client import (
    Event,
    Progressed,
    Ready,
    Refused,
    SmtpClient,
    TlsWanted,
    Unfit,
)
from sc.wire.smtp_mail import Dialect, OutgoingMail
from sc.wire.smtp_opening import NO_AUTH, NO_TLS, NOT_PRIVATE, Tls
from sc.wire.smtp_replies import ProtocolError

US = Credentials("us", "secret")
GREETING = b"220 mx\r\n"
OFFER = b"250-mx\r\n250-PIPELINING\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n"
PRIVATE = b"250-mx\r\n250 AUTH PLAIN LOGIN CRAM-MD5\r\n"
MAIL = OutgoingMail("us@example.org", ("a@b.org",), 10, eight_bit=False)


def client(
    tls: Tls = Tls.REQUIRED,
    credentials: Credentials | None = None,
    dialect: Dialect = Dialect.SMTP,
) -> SmtpClient:
    return SmtpClient("us", dialect, tls, credentials)


def in_tls(credentials: Credentials | None = None) -> SmtpClient:
    """Behind the handshake; EHLO has been sent again."""
    codec = client(credentials=credentials)
    assert last(codec, GREETING, OFFER, b"220 go\r\n") == TlsWanted()
    codec.tls_started()
    assert codec.data_to_send().endswith(b"STARTTLS\r\nEHLO us\r\n")
    return codec


def last(codec: SmtpClient, *replies: bytes) -> Event:
    """The event of the last of these replies."""
    return [event for reply in replies for event in codec.receive_data(reply)][-1]


def authenticating(offer: bytes) -> tuple[SmtpClient, bytes]:
    """AUTH has been sent, as returned."""
    codec = in_tls(US)
    assert last(codec, offer) == Progressed()
    return codec, codec.data_to_send()


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OPPORTUNISTIC])
@pytest.mark.parametrize("dialect", Dialect)
def test_starttls(tls: Tls, dialect: Dialect) -> None:
    """STARTTLS, the handshake, and the greeting again; then it is a usual server."""
    codec = client(tls, dialect=dialect)
    verb = b"EHLO us\r\n" if dialect is Dialect.SMTP else b"LHLO us\r\n"
    assert last(codec, GREETING, OFFER) == Progressed()
    assert codec.data_to_send() == verb + b"STARTTLS\r\n"
    assert last(codec, b"220 go\r\n") == TlsWanted()
    assert codec.data_to_send() == b""
    codec.tls_started()
    assert codec.data_to_send() == verb
    assert last(codec, OFFER) == Ready()
    assert codec.data_to_send() == b""


def test_what_was_learned_in_clear_is_forgotten() -> None:
    """Extensions count only from the answer within TLS (RFC 3207 4.2)."""
    codec = in_tls()
    assert codec.extensions == {}
    assert last(codec, b"250 mx\r\n") == Ready()
    codec.start(MAIL)
    assert codec.data_to_send() == b"MAIL FROM:<us@example.org>\r\n"


@pytest.mark.parametrize("whole", [True, False])
def test_injected_in_clear(whole: bool) -> None:
    """Replies that a stranger put behind the 220 are never read (CVE-2011-0411)."""
    codec = client(credentials=US)
    last(codec, GREETING, OFFER)
    injected = b"250 mx\r\n235 welcome\r\n250 ok\r\n250 half a li"
    if whole:
        assert codec.receive_data(b"220 go\r\n" + injected) == [TlsWanted()]
    else:
        assert codec.receive_data(b"220 go\r\n") == [TlsWanted()]
        assert codec.receive_data(injected) == []
    codec.data_to_send()
    codec.tls_started()
    assert codec.data_to_send() == b"EHLO us\r\n"
    assert codec.receive_data(b"250-mx\r\n250 AUTH PLAIN\r\n") == [Progressed()]
    assert codec.data_to_send().startswith(b"AUTH PLAIN ")


def test_implicit() -> None:
    """Nothing is read or said before the handshake; then the server greets."""
    codec = client(Tls.IMPLICIT)
    assert codec.receive_data(GREETING + OFFER) == []
    assert codec.data_to_send() == b""
    codec.tls_started()
    assert codec.data_to_send() == b""
    assert last(codec, GREETING, OFFER) == Ready()
    assert codec.data_to_send() == b"EHLO us\r\n"


@pytest.mark.parametrize("offer", [b"250 mx\r\n", b"250-mx\r\n250 XSTARTTLS\r\n"])
def test_no_starttls(offer: bytes) -> None:
    """A server without STARTTLS gets nothing that should be private."""
    codec = client()
    assert last(codec, GREETING, offer) == Unfit(NO_TLS)
    with pytest.raises(ProtocolError):
        codec.start(MAIL)
    assert codec.data_to_send() == b"EHLO us\r\n"
    assert last(client(Tls.OPPORTUNISTIC), GREETING, offer) == Ready()


def test_old_server() -> None:
    """HELO has no STARTTLS."""
    assert last(client(), GREETING, b"502 what\r\n", b"250 mx\r\n") == Unfit(NO_TLS)


@pytest.mark.parametrize("reply", [b"454 4.7.0 no\r\n", b"501 no\r\n", b"250 ok\r\n"])
def test_starttls_refused(reply: bytes) -> None:
    """A server that offers TLS and refuses it is not spoken to in clear."""
    event = last(client(), GREETING, OFFER, reply)
    assert isinstance(event, Refused)
    assert (event.what, event.reply.encode()) == ("STARTTLS", reply)
    assert last(client(Tls.OPPORTUNISTIC), GREETING, OFFER, reply) == Ready()


@pytest.mark.parametrize("tls", [Tls.OFF, Tls.OPPORTUNISTIC])
def test_no_password_in_clear(tls: Tls) -> None:
    """Whatever the configuration let through: no password outside TLS."""
    offer = b"250-mx\r\n250 AUTH PLAIN\r\n"
    codec = client(tls, US)
    assert last(codec, GREETING, offer) == Unfit(NOT_PRIVATE)
    assert codec.data_to_send() == b"EHLO us\r\n"


def test_tls_out_of_turn() -> None:
    """A handshake that nobody asked for does not make a line private."""
    for codec in (client(), client(Tls.OFF), in_tls()):
        with pytest.raises(ProtocolError):
            codec.tls_started()
    gone = client(Tls.IMPLICIT)
    gone.quit()
    with pytest.raises(ProtocolError):
        gone.tls_started()


def test_plain() -> None:
    """With PLAIN the server knows us after one line."""
    codec, sent = authenticating(PRIVATE)
    assert sent == b"AUTH PLAIN AHVzAHNlY3JldA==\r\n"
    assert last(codec, b"235 2.7.0 ok\r\n") == Ready()
    codec.start(MAIL)
    assert codec.data_to_send().startswith(b"MAIL")


def test_login() -> None:
    """LOGIN answers each question."""
    codec, sent = authenticating(b"250-mx\r\n250 AUTH=LOGIN\r\n")
    assert sent == b"AUTH LOGIN\r\n"
    for question, answer in ((b"334 VXNl\r\n", b"dXM="), (b"334 \r\n", b"c2VjcmV0")):
        assert last(codec, question) == Progressed()
        assert codec.data_to_send() == answer + b"\r\n"
    assert last(codec, b"235 ok\r\n") == Ready()


def test_cram_md5() -> None:
    """CRAM-MD5 never sends the password."""
    codec, sent = authenticating(b"250-mx\r\n250 AUTH CRAM-MD5\r\n")
    assert sent == b"AUTH CRAM-MD5\r\n"
    last(codec, b"334 PDFAbXg+\r\n")
    assert codec.data_to_send().startswith(b"dXMg")
    assert last(codec, b"235 ok\r\n") == Ready()


@pytest.mark.parametrize("reply", [b"535 5.7.8 no\r\n", b"454 4.7.0 later\r\n"])
def test_password_refused(reply: bytes) -> None:
    """A refused password is not tried in another way: guesses lock accounts."""
    codec, _ = authenticating(PRIVATE)
    event = last(codec, reply)
    assert isinstance(event, Refused)
    assert (event.what, event.reply.encode()) == ("our user and password", reply)
    assert codec.data_to_send() == b""


@pytest.mark.parametrize("code", [b"504", b"534"])
def test_next_mechanism(code: bytes) -> None:
    """A mechanism that the server offers and has not is followed by the next."""
    codec, _ = authenticating(PRIVATE)
    assert last(codec, code + b" not this\r\n") == Progressed()
    assert codec.data_to_send() == b"AUTH CRAM-MD5\r\n"
    assert last(codec, code + b" nor this\r\n") == Progressed()
    assert codec.data_to_send() == b"AUTH LOGIN\r\n"
    assert isinstance(last(codec, code + b" nor that\r\n"), Refused)


def test_nothing_that_we_speak() -> None:
    """A server that wants another mechanism is named as such."""
    assert last(in_tls(US), b"250-mx\r\n250 AUTH GSSAPI\r\n") == Unfit(NO_AUTH)
    assert last(in_tls(US), b"250 mx\r\n") == Unfit(NO_AUTH)


@pytest.mark.parametrize(
    "replies", [b"334 \r\n", b"250 ok\r\n", b"354 go\r\n", b"2x5\r\n"]
)
def test_auth_out_of_turn(replies: bytes) -> None:
    """What does not belong to AUTH ends the conversation."""
    codec, _ = authenticating(PRIVATE)
    with pytest.raises(ProtocolError):
        codec.receive_data(replies)


@pytest.mark.parametrize("reply", [b"334 \r\n", b"354 go\r\n"])
@pytest.mark.parametrize("before", [(), (GREETING,), (GREETING, OFFER)])
def test_intermediate_out_of_turn(before: tuple[bytes, ...], reply: bytes) -> None:
    """A 3xx to anything but AUTH and DATA is nonsense."""
    codec = client()
    for each in before:
        codec.receive_data(each)
    with pytest.raises(ProtocolError, match="out of turn"):
        codec.receive_data(reply)


def test_leaves_within_auth() -> None:
    """421 may come at any time."""
    codec, _ = authenticating(PRIVATE)
    assert last(codec, b"421 busy\r\n") == Refused(Reply(421, ("busy",)))


@pytest.mark.parametrize(
    "replies", [b"530 5.7.0 STARTTLS first\r\n", b"250 ok\r\n530 5.7.0 AUTH first\r\n"]
)
def test_wants_more_of_us(replies: bytes) -> None:
    """530 is about our settings: it must not end the message as undeliverable."""
    codec = client(Tls.OFF)
    assert last(codec, GREETING, OFFER) == Ready()
    codec.start(MAIL)
    event = last(codec, replies)
    assert isinstance(event, Refused)
    assert event.reply.code == 530
    assert "password_file" in event.what
