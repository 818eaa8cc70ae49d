"""sc.wire.smtp_dsn and smtp_mail: what stands behind an address in a command."""

import pytest

from sc.wire.smtp_client import SmtpClient
from sc.wire.smtp_dsn import (
    MAX_ENVID,
    Dsn,
    Notify,
    RecipientDsn,
    Return,
    original_recipient,
    xtext,
)
from sc.wire.smtp_mail import MAX_PATH, Dialect, OutgoingMail, check_path
from sc.wire.smtp_replies import ProtocolError

FAILURES = RecipientDsn((Notify.FAILURE, Notify.DELAY), original_recipient("a+b@c.org"))
ASKED = Dsn("r 1=2", Return.HEADERS, (FAILURES, RecipientDsn((Notify.NEVER,))))


def commands(mail: OutgoingMail, *offer: str) -> list[str]:
    """What a server that offers these gets."""
    client = SmtpClient("us", Dialect.SMTP)
    words = "".join(f"250-{word}\r\n" for word in offer)
    client.receive_data(f"220 mx\r\n250-mx\r\n{words}250 PIPELINING\r\n".encode())
    client.data_to_send()
    client.start(mail)
    return client.data_to_send().decode().splitlines()


def test_dsn_where_offered() -> None:
    """Each parameter stands where RFC 3461 wants it, encoded."""
    mail = OutgoingMail(
        "us@a.org", ("a@b.org", "c@d.org"), 1, eight_bit=True, dsn=ASKED
    )
    assert commands(mail, "DSN", "8BITMIME") == [
        "MAIL FROM:<us@a.org> BODY=8BITMIME RET=HDRS ENVID=r+201+3D2",
        "RCPT TO:<a@b.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.org",
        "RCPT TO:<c@d.org> NOTIFY=NEVER",
    ]


def test_dsn_not_offered() -> None:
    """A server without DSN gets plain commands."""
    mail = OutgoingMail(
        "us@a.org", ("a@b.org", "c@d.org"), 1, eight_bit=False, dsn=ASKED
    )
    assert commands(mail) == [
        "MAIL FROM:<us@a.org>",
        "RCPT TO:<a@b.org>",
        "RCPT TO:<c@d.org>",
    ]


def test_nothing_asked() -> None:
    """Who asks for nothing sends no empty parameter."""
    mail = OutgoingMail(
        "", ("a@b.org",), 1, False, dsn=Dsn("", None, (RecipientDsn(),))
    )
    assert commands(mail, "DSN") == ["MAIL FROM:<>", "RCPT TO:<a@b.org>"]


@pytest.mark.parametrize(
    ("address", "orcpt"),
    [
        ("a@b.org", "rfc822;a@b.org"),
        ("a=b+c@d.org", "rfc822;a+3Db+2Bc@d.org"),
        ('"a b"@c.org', 'rfc822;"a+20b"@c.org'),
        ("jürgen@b.org", r"utf-8;j\x{FC}rgen@b.org"),
        ("a" * 493, "rfc822;" + "a" * 493),
        ("a" * 494, ""),
        ("用+\\@b.org", r"utf-8;\x{7528}\x{2B}\x{5C}@b.org"),
    ],
)
def test_original_recipient(address: str, orcpt: str) -> None:
    """ORCPT in RFC 3461's coding, or in RFC 6533's; each passes our own check."""
    assert original_recipient(address) == orcpt
    assert RecipientDsn(orcpt=orcpt).orcpt == orcpt


def test_xtext() -> None:
    """Nothing in it can end the parameter or the line."""
    assert xtext("a \r\n+=~\x7f") == "a+20+0D+0A+2B+3D~+7F"


@pytest.mark.parametrize(
    "orcpt", ["a@b", ";a", "rfc822;", "rfc822;a b", "rfc822;a\r\n"]
)
def test_bad_original_recipient(orcpt: str) -> None:
    """Nobody smuggles a command in with it."""
    with pytest.raises(ValueError, match="original recipient"):
        RecipientDsn(orcpt=orcpt)


def test_bad_requests() -> None:
    """What contradicts itself is told."""
    with pytest.raises(ValueError, match="original recipient"):
        RecipientDsn(orcpt="rfc822;" + "a" * 500)
    with pytest.raises(ValueError, match="alone"):
        RecipientDsn((Notify.NEVER, Notify.DELAY))
    for envid in ("x" * (MAX_ENVID + 1), "a\nb", "ä"):
        with pytest.raises(ValueError, match="envelope id"):
            Dsn(envid)
    with pytest.raises(ValueError, match="each recipient"):
        OutgoingMail("", ("a@b", "c@d"), 1, False, dsn=Dsn("", None, (FAILURES,)))


@pytest.mark.parametrize(
    "mail",
    [
        OutgoingMail("", ("jürgen@b.org",), 1, eight_bit=False),
        OutgoingMail("用户@b.org", ("a@b.org",), 1, eight_bit=False),
        OutgoingMail("", ("a@b.org",), 1, eight_bit=False, utf8=True),
    ],
)
def test_smtputf8(mail: OutgoingMail) -> None:
    """An address or header that needs SMTPUTF8 gets it, or the mail does not go."""
    first, second = commands(mail, "SMTPUTF8", "8BITMIME")
    assert first == f"MAIL FROM:<{mail.sender}> SMTPUTF8"
    assert second == f"RCPT TO:<{mail.recipients[0]}>"
    with pytest.raises(ProtocolError, match="SMTPUTF8"):
        commands(mail, "8BITMIME")
    old = SmtpClient("us", Dialect.SMTP)
    old.receive_data(b"220 mx\r\n250 mx\r\n")
    refusal = old.refusal(mail)
    assert refusal is not None
    assert (refusal.code, refusal.lines[0][:5]) == (553, "5.6.7")


def test_wide_paths() -> None:
    """Only where SMTPUTF8 is possible an address may leave ASCII; octets count."""
    check_path("用户@例子.例", utf8=True)
    with pytest.raises(ValueError, match="not an address"):
        check_path("用户@例子.例")
    check_path("ü" * (MAX_PATH // 2), utf8=True)
    with pytest.raises(ValueError, match="octets"):
        check_path("ü" * (MAX_PATH // 2) + "a", utf8=True)
