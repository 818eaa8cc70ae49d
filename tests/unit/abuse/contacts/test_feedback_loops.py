"""contacts.feedback_loops: a sender's own desk hears of its mail, and no stranger."""

from email import message_from_bytes
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred

from sc.abuse.complaints import Known, dedupe_key, group, summary
from sc.abuse.contacts.feedback_loops import FeedbackLoops
from sc.abuse.contacts.lookup import Found
from sc.abuse.reports.drafts import Drafts
from sc.model.complaint import RelayItem, SenderItem
from sc.model.evidence import Evidence
from sc.model.message import Message
from sc.net.resolver import DNSResolver, ResolveFailedError, ResolverSettings
from tests.fakes.abuse import SEAL, SETTINGS, contact, message, relay
from tests.fakes.dns import serving_dns
from tests.fakes.inline_threads import INLINE
from tests.fakes.signed_mail import NEWS, StubTexts, record, sign

NAME = "s1._domainkey.sender.example"
EVIDENCE = Evidence("f" * 64, (relay(),))


@pytest.fixture
def texts(tmp_path: Path) -> StubTexts:
    return StubTexts({NAME: (record(tmp_path),)})


async def found(texts: StubTexts, mail: bytes) -> Found:
    what = Found()
    await FeedbackLoops(texts, INLINE).run(mail, what)
    assert what.pending == ()
    return what


async def test_granted(texts: StubTexts) -> None:
    """The address that the author's domain signed is a contact."""
    here = await found(texts, sign(NEWS))
    assert here.sender is not None
    assert (here.sender.domain, here.sender.feedback_id) == (
        "sender.example",
        "111:222:333:4444",
    )
    desk = here.sender.contact
    assert (desk.address, desk.source) == ("fbl@sender.example", "cfbl")
    assert "RFC 9477" in desk.reason
    assert here.problems == {}


async def test_nothing_asked(texts: StubTexts) -> None:
    """Mail without the field costs no question."""
    here = await found(
        texts, sign(NEWS.replace(b"CFBL-Address", b"X"), covered=[b"from"])
    )
    assert (here.sender, here.problems, texts.asked) == (None, {}, [])


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (NEWS, "no signature of its domain and the author's has it"),
        (sign(NEWS, "other.example"), "no signature of its domain"),
        (sign(NEWS, covered=[b"from"]), "no signature of its domain"),
        (sign(NEWS, length=True) + b"more\r\n", "no signature of its domain"),
        (sign(NEWS).replace(b"Deals", b"Steals"), "the message was changed"),
        (sign(NEWS, "x.sender.example"), "no signature of its domain"),
        (sign(NEWS).replace(b"s=s1", b"s=s2"), "its key is not in DNS"),
        (sign(NEWS.replace(b"fbl@", b"no-reply@")), "nobody reads it"),
        (
            sign(NEWS.replace(b"sender.example", b"ripe.net"), "ripe.net"),
            "it is a registry's",
        ),
    ],
)
async def test_not_granted(texts: StubTexts, mail: bytes, why: str) -> None:
    """What is not proven is a warning, and nobody is written to."""
    here = await found(texts, mail)
    assert here.sender is None
    (problem,) = here.problems
    assert problem.startswith("the CFBL-Address at ")
    assert why in problem


async def test_dns_is_down(texts: StubTexts) -> None:
    """Without an answer there is no proof, and the warning says so."""
    here = await found(StubTexts({NAME: ResolveFailedError("down")}), sign(NEWS))
    assert here.sender is None
    assert "cannot be looked up now" in next(iter(here.problems))


async def test_pending() -> None:
    """While DNS is silent, the answer names what is missing."""
    here = Found()
    loops = FeedbackLoops(StubTexts({}, {NAME}), INLINE)
    running = Deferred.fromCoroutine(loops.run(sign(NEWS), here))
    assert here.pending == ("the keys of the sender's signatures",)
    running.addErrback(lambda _: None)
    running.cancel()


async def test_real_dns(tmp_path: Path) -> None:
    """The key comes from our own resolver, in as many strings as DNS needs."""
    text = record(tmp_path).decode()
    async with serving_dns({NAME: [f"TXT {text}"]}) as dns:
        settings = ResolverSettings(servers=(dns.address,))
        resolver = DNSResolver(settings, cast(Any, reactor))
        here = Found()
        await FeedbackLoops(resolver, INLINE).run(sign(NEWS), here)
    assert (here.sender and here.sender.domain, here.problems) == (
        "sender.example",
        {},
    )


def item() -> SenderItem:
    desk = evolve(contact("fbl@sender.example"), source="cfbl", network=None)
    return SenderItem("sender.example", "111:222:333:4444", desk)


def told(known: Known, **more: Any) -> tuple[str, ...]:
    settings = evolve(SETTINGS, **more)
    return tuple(c.address for c in group(EVIDENCE, known, settings).to_mail)


def test_complaint() -> None:
    """It gets a complaint of its own, within our rules of who is never written to."""
    known = Known({}, {relay().ip: contact()}, item())
    assert told(known) == ("abuse@net.example", "fbl@sender.example")
    assert told(known, never_desks=("sender.example",)) == ("abuse@net.example",)
    assert told(evolve(known, sender=None)) == ("abuse@net.example",)
    one = group(EVIDENCE, known, SETTINGS).to_mail[1]
    assert summary(one) == "sender.example"
    assert dedupe_key(one, "f") != dedupe_key(evolve(one, items=()), "f")


def written(known: Known, spam: Message) -> list[bytes]:
    drafts = Drafts(SETTINGS, "sc/1", b"k" * 32, SEAL, lambda: "r1")
    complaints = group(EVIDENCE, known, SETTINGS).to_mail
    return [report.mail for report in drafts.write(spam, EVIDENCE, complaints, 1e9)]


def test_report() -> None:
    """The sender learns which message it was, and nothing of who got it how."""
    content = b"Received: from x by mx.example.org for <bob@example.org>\r\n" + sign(
        NEWS.replace(b"Deals", "Für bob@example.org".encode())
    )
    (mail,) = written(Known(sender=item()), message(content))
    assert b"Subject: Abuse report: spam signed by sender.example, " in mail
    whole: list[Any] = message_from_bytes(mail).get_payload()  # type: ignore[assignment]
    words, fields, attached = whole
    assert attached.get_content_type() == "text/rfc822-headers"
    inside = message_from_bytes(attached.get_payload(decode=True))
    assert [name.lower() for name in inside] == [
        "from",
        "subject",
        "cfbl-address",
        "cfbl-feedback-id",
        "message-id",
    ]
    assert inside["Message-ID"] == "<1@sender.example>"
    assert "".join(inside["CFBL-Feedback-ID"].split()) == "111:222:333:4444"
    report = fields.get_payload()[0]
    assert report["Source-IP"] is None
    assert report["Reported-Domain"] == "sender.example"
    for line in (
        "Signed by:       sender.example",
        "Feedback ID:     111:222:333:4444",
    ):
        assert line in words.get_payload().splitlines()
    text = " ".join(words.get_payload().split())
    assert "names your address for complaints." in text
    assert "Only the fields that name the message are attached" in text
    assert b"bob@example.org" not in mail


def test_report_to_one_desk() -> None:
    """A desk that is the network's as well gets the whole message, once."""
    known = Known({}, {relay().ip: contact("fbl@sender.example")}, item())
    (mail,) = written(known, message(sign(NEWS)))
    assert b"Content-Type: message/rfc822" in mail
    assert b"came from your network and names your address" in b" ".join(mail.split())
    assert isinstance(group(EVIDENCE, known, SETTINGS).to_mail[0].items[0], RelayItem)
