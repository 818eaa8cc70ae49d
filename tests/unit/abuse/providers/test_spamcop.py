"""sc.abuse.providers.spamcop: the message, redacted, in one mail of ours."""

from email import message_from_bytes
from email.message import Message as Parsed
from typing import cast

import pytest
from attrs import evolve

from sc.abuse.bounces.verp import ReturnPaths
from sc.abuse.profiles import Profile
from sc.abuse.providers.settings import ProviderSettings, SpamcopSettings
from sc.abuse.reports.drafts import Drafts
from sc.abuse.settings import AbuseReportSettings
from sc.model.complaint import Item, RelayItem, SenderItem
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.outbox.entry import NewReport
from tests.fakes.abuse import SEAL, SETTINGS, SPAM, complaint, contact, message, relay

SUBMIT = "submit.0123abcd@spam.spamcop.net"
ON = ProviderSettings(spamcop=SpamcopSettings(address=SUBMIT))
RELAY = RelayItem(relay(), contact())
PATHS = ReturnPaths("bounces@example.org", "+", b"k" * 32)
NOW = 1_795_000_000.0


def drafted(
    item: Item = RELAY,
    about: Message | None = None,
    settings: AbuseReportSettings = SETTINGS,
    *,
    infected: bool = False,
) -> list[NewReport]:
    """What is for SpamCop; a desk that may have everything is told besides."""
    everything = {"*": Profile(redact=False)}
    said = evolve(settings, providers=ON, profiles=everything)
    drafts = Drafts(said, "sc/1", b"k" * 32, SEAL, lambda: "r1", return_paths=PATHS)
    desk = evolve(complaint(), items=(item,))
    reports = drafts.write(
        about or message(), Evidence("f" * 64), (desk,), NOW, infected=infected
    )
    assert reports[0].contact == "abuse@net.example"
    return [report for report in reports if report.contact == "spamcop"]


def test_mail() -> None:
    """Octet for octet but for the recipients, whatever the profiles say; sealed."""
    (report,) = drafted()
    assert (report.route, report.rcpt_to) == ("smtp", SUBMIT)
    assert report.mail_from == PATHS.make("r1")
    assert (report.source, report.digest) == ("", None)
    mail = message_from_bytes(report.mail)
    assert (mail["To"], mail["From"]) == (
        f"<{SUBMIT}>",
        "Example Postmaster <abuse@example.org>",
    )
    assert mail["Message-ID"] == report.mail_message_id
    words, attached = cast(list[Parsed], mail.get_payload())
    assert "keyed tokens at" in cast(str, words.get_payload())
    assert attached.get_content_type() == "message/rfc822"
    (inner,) = cast(list[Parsed], attached.get_payload())
    assert "[192.0.2.7]" in inner["Received"]
    assert b"bob@" not in report.mail
    assert SEAL.is_ours(report.mail)


def test_once() -> None:
    """One mail a message, under one key, whatever is known of it meanwhile."""
    other = RelayItem(relay("192.0.2.8"), contact())
    assert drafted()[0].key == drafted(other)[0].key


@pytest.mark.parametrize("line", [b"caf\xe9\n", b"plain\n"])
def test_eight_bit(line: bytes) -> None:
    """A relay that takes no 8-bit octets leaves a header section: that is not told."""
    settings = evolve(SETTINGS, eight_bit=False)
    reports = drafted(about=message(SPAM + line), settings=settings)
    assert len(reports) == line.isascii()
    (report,) = drafted(about=message(SPAM + line))
    assert line.strip() in report.mail


def test_not_for_it() -> None:
    """Neither a virus, nor what only the sender's own desk is told about."""
    sender = SenderItem("bad.example", "", contact())
    assert drafted(infected=True) == []
    assert drafted(sender) == []


def test_settings() -> None:
    """Off without an address, and an address is one."""
    assert ON.any
    assert not ProviderSettings(spamcop=SpamcopSettings()).any
    with pytest.raises(ValueError, match="is not a mailbox such as"):
        SpamcopSettings(address=f"{SUBMIT}\r\nCc: x@y.example")
