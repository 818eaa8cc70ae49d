"""sc.scan.notice: what a responder is told."""

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from attrs import evolve

from sc.scan.notice import NoticeWriter
from sc.scan.outbreak_settings import OnOutbreak, OutbreakSettings, WebhookSettings
from tests.fakes.http_door import INCIDENT

BOTH = OutbreakSettings(
    notify="postmaster@example.org",
    webhook=WebhookSettings(url="https://alarm.example/hook?key=secret"),
)


def writer(settings: OutbreakSettings = BOTH) -> NoticeWriter:
    return NoticeWriter(settings, "Example <abuse@example.org>", "mx.example.org")


def lines_of(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


def test_nobody_is_told() -> None:
    """Without an address and a URL there are a line and a metric."""
    assert writer(OutbreakSettings()).write(INCIDENT, b"") == ()


def test_mail() -> None:
    """Who, since when, from where, how much, which messages, and what to do now."""
    mail, _ = writer().write(INCIDENT, b"")
    assert (mail.route, mail.mail_from, mail.rcpt_to) == ("notice", "", BOTH.notify)
    assert all(len(line) < 998 for line in mail.mail.split(b"\r\n"))
    parsed = message_from_bytes(mail.mail, policy=default)
    assert parsed["From"] == "Example <abuse@example.org>"
    assert parsed["To"] == "postmaster@example.org"
    assert parsed["Subject"] == "Outbreak: alice@example.org sends spam"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Message-ID"] == mail.mail_message_id
    text = lines_of(parsed)
    for words in (
        "User:        alice@example.org\n",
        "First seen:  1970-01-01T00:15:00+00:00\n",
        "Spam:        20 messages\n",
        "From:        192.0.2.7, 198.51.100.9\n",
        "Messages:    id-9\n",
        "Nothing is held back",
        "scctl incidents close i-1",
        "scctl explain id-9",
    ):
        assert words in text
    assert not parsed.is_multipart()


def test_what_follows() -> None:
    """The mail says what is held back now."""
    for action, words in (
        (OnOutbreak.THROTTLE, "may send 10 messages an hour"),
        (OnOutbreak.BLOCK, "All mail of this user is refused"),
    ):
        settings = evolve(BOTH, on_outbreak=action)
        assert words.encode() in writer(settings).write(INCIDENT, b"")[0].mail


def test_content() -> None:
    """What may be shown is attached as octets: no program takes it for a mail."""
    mail, _ = writer().write(INCIDENT, b"Subject: buy\r\n\r\n\0\xff\r\n.\r\n")
    (part,) = message_from_bytes(mail.mail, policy=default).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_content() == b"Subject: buy\r\n\r\n\0\xff\r\n.\r\n"


def test_strange_names() -> None:
    """A user's name of any script stands in the mail, and ends no line."""
    odd = evolve(INCIDENT, account="b\u00f6rge" * 40, addresses=(), samples=())
    mail, _ = writer().write(odd, b"")
    parsed = message_from_bytes(mail.mail, policy=default)
    assert odd.account in lines_of(parsed)
    assert "From:        not known\n" in lines_of(parsed)
    assert mail.mail.isascii()


def test_webhook() -> None:
    """The same as JSON; where it goes stands in no row."""
    _, hook = writer().write(INCIDENT, b"secret content")
    assert (hook.route, hook.contact, hook.rcpt_to) == ("webhook",) * 3
    told = json.loads(hook.mail)
    assert (told["event"], told["host"]) == ("outbreak", "mx.example.org")
    assert told["incident"]["account"] == "alice@example.org"
    assert told["incident"]["addresses"] == ["192.0.2.7", "198.51.100.9"]
    assert b"secret" not in hook.mail
