"""sc.wire.smtp_client: the client's side of SMTP and LMTP."""

import pytest

from sc.wire.smtp import Reply
from sc.wire.smtp_client import (
    BodyWanted,
    Event,
    MailFinished,
    Progressed,
    Ready,
    Refused,
    SmtpClient,
)
from sc.wire.smtp_mail import MAX_PATH, Dialect, OutgoingMail
from sc.wire.smtp_replies import MAX_LINE, MAX_LINES, ProtocolError, ReplyReader

EHLO = b"250-mx\r\n250-PIPELINING\r\n250-size 5000\r\n250 8BITMIME\r\n"
BARE = b"250 mx\r\n"


def mail(*recipients: str, size: int = 10, eight_bit: bool = False) -> OutgoingMail:
    return OutgoingMail("us@example.org", recipients or ("a@b.org",), size, eight_bit)


def ready(hello: bytes = EHLO, dialect: Dialect = Dialect.SMTP) -> SmtpClient:
    client = SmtpClient("us.example", dialect)
    assert client.receive_data(b"220 mx\r\n") == [Progressed()]
    assert client.receive_data(hello) == [Ready()]
    client.data_to_send()
    return client


def started(
    *recipients: str, hello: bytes = EHLO, dialect: Dialect = Dialect.SMTP
) -> SmtpClient:
    client = ready(hello, dialect)
    client.start(mail(*recipients))
    return client


def codes(events: list[Event]) -> list[int]:
    """The last event's replies; it must end the mail."""
    assert isinstance(events[-1], MailFinished)
    return [reply.code for reply in events[-1].replies]


def in_body(*recipients: str, dialect: Dialect = Dialect.SMTP) -> SmtpClient:
    client = started(*recipients, dialect=dialect)
    client.receive_data(b"250 ok\r\n" * (1 + len(recipients or ("a",))))
    assert client.receive_data(b"354 go\r\n") == [BodyWanted()]
    client.data_to_send()
    return client


def test_whole_dialogue() -> None:
    """A message goes out step by step, the recipients in one group."""
    client = SmtpClient("us.example", Dialect.SMTP)
    assert client.data_to_send() == b""
    client.receive_data(b"220 mx\r\n")
    assert client.data_to_send() == b"EHLO us.example\r\n"
    client.receive_data(EHLO)
    client.start(mail("a@b.org", "c@d.org", eight_bit=True))
    assert client.data_to_send() == (
        b"MAIL FROM:<us@example.org> SIZE=10 BODY=8BITMIME\r\n"
        b"RCPT TO:<a@b.org>\r\nRCPT TO:<c@d.org>\r\n"
    )
    client.receive_data(b"250 ok\r\n250 ok\r\n251 ok\r\n")
    assert client.data_to_send() == b"DATA\r\n"
    assert client.receive_data(b"354 go\r\n") == [BodyWanted()]
    client.send_body(b".a\r\n")
    client.end_body()
    assert client.data_to_send() == b"..a\r\n.\r\n"
    assert client.dot_sent
    assert codes(client.receive_data(b"250 queued\r\n")) == [250, 250]
    client.quit()
    assert client.data_to_send() == b"QUIT\r\n"
    assert client.receive_data(b"221 bye\r\nnonsense\r\n") == []


def test_without_pipelining() -> None:
    """A server that does not offer PIPELINING gets one command at a time."""
    client = started("a@b.org", "c@d.org", hello=BARE)
    assert client.data_to_send() == b"MAIL FROM:<us@example.org>\r\n"
    assert client.receive_data(b"250 ok\r\n") == [Progressed()]
    assert client.data_to_send() == b"RCPT TO:<a@b.org>\r\n"
    client.receive_data(b"250 ok\r\n")
    assert client.data_to_send() == b"RCPT TO:<c@d.org>\r\n"
    client.receive_data(b"250 ok\r\n")
    assert client.data_to_send() == b"DATA\r\n"


@pytest.mark.parametrize("hello", [EHLO, BARE])
def test_sender_refused(hello: bytes) -> None:
    """A refused sender is every recipient's answer."""
    client = started("a@b.org", "c@d.org", hello=hello)
    replies = b"550 5.7.1 no\r\n" + b"503 what\r\n" * (2 if hello is EHLO else 0)
    assert codes(client.receive_data(replies)) == [550, 550]
    assert b"DATA" not in client.data_to_send()


def test_one_recipient_refused() -> None:
    """Each recipient keeps its own answer."""
    client = started("a@b.org", "c@d.org", "e@f.org")
    client.receive_data(b"250 ok\r\n450 later\r\n250 ok\r\n550 no\r\n354 go\r\n")
    client.end_body()
    assert codes(client.receive_data(b"250 ok\r\n")) == [450, 250, 550]


def test_no_recipient_left() -> None:
    """Without a recipient no DATA is sent."""
    client = started("a@b.org", "c@d.org")
    assert codes(client.receive_data(b"250 k\r\n450 l\r\n550 n\r\n")) == [450, 550]
    assert b"DATA" not in client.data_to_send()


def test_data_refused() -> None:
    """An answer other than 354 counts for those who were accepted."""
    client = started("a@b.org", "c@d.org")
    client.receive_data(b"250 ok\r\n550 no\r\n250 ok\r\n")
    assert codes(client.receive_data(b"451 later\r\n")) == [550, 451]


def test_lmtp_answers_each() -> None:
    """LMTP: LHLO, and a final reply for each accepted recipient, in order."""
    client = started("a@b", "c@d", "e@f", dialect=Dialect.LMTP)
    client.receive_data(b"250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n")
    client.end_body()
    assert client.receive_data(b"250 stored\r\n") == [Progressed()]
    assert [r.code if r else None for r in client.results] == [250, 550, None]
    assert codes(client.receive_data(b"452 full\r\n")) == [250, 550, 452]


def test_lmtp_has_no_helo() -> None:
    """Nothing stands in for LHLO."""
    client = SmtpClient("us", Dialect.LMTP)
    client.receive_data(b"220 mx\r\n")
    assert client.data_to_send() == b"LHLO us\r\n"
    (event,) = client.receive_data(b"500 what\r\n")
    assert event == Refused(Reply(500, ("what",)))


def test_old_server() -> None:
    """Where EHLO is unknown, HELO does."""
    client = SmtpClient("us", Dialect.SMTP)
    assert client.receive_data(b"220 mx\r\n502 what\r\n250 hello\r\n")[-1] == Ready()
    assert client.data_to_send() == b"EHLO us\r\nHELO us\r\n"
    assert client.extensions == {}


@pytest.mark.parametrize(
    "replies", [b"554 go away\r\n", b"220 hi\r\n451 x\r\n", b"421 busy\r\n"]
)
def test_refused(replies: bytes) -> None:
    """A server that will not talk says nothing about a message."""
    client = SmtpClient("us", Dialect.SMTP)
    assert isinstance(client.receive_data(replies)[-1], Refused)
    with pytest.raises(ProtocolError):
        client.start(mail())


def test_leaves_between() -> None:
    """421 may come at any time, and counts for everybody without an answer."""
    client = started("a@b.org", "c@d.org", hello=BARE)
    client.receive_data(b"250 ok\r\n550 no\r\n")
    client.data_to_send()
    replies = b"421 shutting down\r\n250 ok\r\n"
    assert codes(client.receive_data(replies)) == [550, 421]
    assert client.data_to_send() == b""


def test_refused_in_the_middle() -> None:
    """An error before the end of the body is final; no dot is sent after it."""
    client = in_body()
    client.send_body(b"half")
    assert codes(client.receive_data(b"552 too much\r\n")) == [552]
    with pytest.raises(ProtocolError):
        client.end_body()
    assert not client.dot_sent


@pytest.mark.parametrize(
    "reply", [b"250 ok\r\n", b"354 go\r\n", b"25 ok\r\n", b"ok\r\n", b"2500 x\r\n"]
)
def test_lies_in_the_body(reply: bytes) -> None:
    """A success before the final dot is no success."""
    with pytest.raises(ProtocolError):
        in_body().receive_data(reply)


@pytest.mark.parametrize(
    "replies",
    [
        b"354 go\r\n",
        b"250 ok\r\n354 go\r\n",
        b"250 ok\r\n250 ok\r\n250 ok\r\n",
        b"250 ok\r\n250 ok\r\n311 what\r\n",
        b"250-ok\r\n251 ok\r\n",
        b"250 o\nk\r\n",
        b"250 o\rk\r\n",
        b"650 ok\r\n",
        b"\r\n",
    ],
)
def test_out_of_turn(replies: bytes) -> None:
    """What does not belong here ends the conversation."""
    with pytest.raises(ProtocolError):
        started().receive_data(replies)


def test_nothing_out_of_turn_from_us() -> None:
    """We cannot be made to send a body or a second mail where none belongs."""
    client = ready()
    for wrong in (client.end_body, lambda: client.send_body(b"x")):
        with pytest.raises(ProtocolError):
            wrong()
    client.start(mail())
    with pytest.raises(ProtocolError):
        client.start(mail())
    assert SmtpClient("us", Dialect.SMTP).results == ()


def test_late_octets_do_not_undo_an_answer() -> None:
    """What follows the last reply is not read."""
    client = in_body()
    client.end_body()
    assert codes(client.receive_data(b"250 ok\r\n\xff\xff\r\n")) == [250]


def test_refusals_in_advance() -> None:
    """What the server cannot take is known without asking it."""
    client = ready()
    assert client.refusal(mail(size=5000, eight_bit=True)) is None
    too_large = client.refusal(mail(size=5001))
    assert too_large is not None
    assert (too_large.code, too_large.lines[0][:5]) == (552, "5.3.4")
    old = ready(BARE)
    assert old.refusal(mail(size=10**9)) is None
    eight_bit = old.refusal(mail(eight_bit=True))
    assert eight_bit is not None
    assert (eight_bit.code, eight_bit.lines[0][:5]) == (554, "5.6.3")
    assert ready(b"250-mx\r\n250 SIZE 0\r\n").refusal(mail(size=9)) is None


@pytest.mark.parametrize(
    "address",
    [
        "a@b>\r\nRCPT TO:<c@d",
        "a\r\nDATA",
        "a\n@b",
        "a b@c",
        "a>b@c",
        "a<b@c",
        "a\0@b",
        "ä\r\n@b",
        "ä\u2028@b",
        "ä\x85@b",
        "\ud800@b",
        '"a@b',
        '"a\r\n"@b',
        "a" * (MAX_PATH + 1),
    ],
)
def test_no_injection(address: str) -> None:
    """An address cannot end the command in which it stands."""
    with pytest.raises(ValueError, match="address"):
        mail(address)
    with pytest.raises(ValueError, match="address"):
        OutgoingMail(address, ("a@b",), 1, eight_bit=False)


def test_unusual_addresses() -> None:
    """What real people have, the null sender among it."""
    many = (
        '"a b\\" >"@c.org',
        "a..b@docomo.ne.jp",
        "x+y=z@[192.0.2.1]",
        "a" * MAX_PATH,
    )
    assert OutgoingMail("", many, 1, eight_bit=False).recipients == many
    with pytest.raises(ValueError, match="without an address"):
        mail("")


def test_reply_limits() -> None:
    """A reply has bounded lines, and a bounded number of them."""
    longest = b"250 " + b"x" * (MAX_LINE - 4) + b"\r\n"
    for n in (len(longest), 1):
        reader = ReplyReader()
        got = [
            r
            for i in range(0, len(longest), n)
            for r in reader.receive_data(longest[i : i + n])
        ]
        assert len(got) == 1
    for chunk in (b"250 x" + longest[4:], b"2" * (MAX_LINE + 2)):
        with pytest.raises(ProtocolError, match="over"):
            list(ReplyReader().receive_data(chunk))
    most = b"250-x\r\n" * (MAX_LINES - 1)
    (reply,) = ReplyReader().receive_data(most + b"250 x\r\n")
    assert len(reply.lines) == MAX_LINES
    with pytest.raises(ProtocolError, match="lines"):
        list(ReplyReader().receive_data(most + b"250-x\r\n"))


def test_short_replies() -> None:
    """A code alone is a reply (RFC 5321 4.2)."""
    assert list(ReplyReader().receive_data(b"250\r\n")) == [Reply(250, ("",))]
