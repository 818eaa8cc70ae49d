"""What a whois answer says about abuse: six registries, three dialects, one reading.

RPSL objects (RIPE, APNIC, AFRINIC) and LACNIC's are paragraphs of `key: value`;
ARIN's keys carry what is meant (`OrgAbuseEmail`).
"""

import re
from collections.abc import Iterator

from attrs import field, frozen

from sc.abuse.contacts.mailbox import (
    Mailbox,
    Rank,
    is_desk,
    mailbox,
    mailboxes_in,
    sifted,
)
from sc.abuse.contacts.ranges import between, prefixes
from sc.abuse.contacts.sources.source import Finding
from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress

MAX_LINES = 3000
MAX_LINE = 500

# RIPE and APNIC have looked it up themselves.
_SAID = re.compile(r"% Abuse contact for '[^']{1,120}' is '([^']{3,260})'")
_REFERRAL = re.compile(r"r?whois://([A-Za-z0-9.-]{1,100})(?::\d+)?/?\Z")
_MARKED = ("rabuseemail", "orgabuseemail", "abuse-mailbox")
_CONTACTS = ("nic-hdl", "nic-hdl-br", "role", "irt")
_RANGES = ("inetnum", "inet6num", "netrange", "cidr")
_TALK = ("remarks", "comment", "descr")


@frozen
class Read:
    """@ivar referral: the server that knows more, or ""."""

    finding: Finding
    referral: str


@frozen
class _Paragraph:
    """@ivar keys: lower case; values in the order of the text."""

    keys: dict[str, list[str]] = field(factory=dict)

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self.keys.get(name, [])]


def read(server: str, text: str, ip: IPAddress) -> Read:
    """The desk and the range of an answer about `ip`."""
    paragraphs = list(_paragraphs(text))
    found = sorted(_found(text, paragraphs), key=lambda m: m.rank)
    mailboxes, registry_only = sifted(found)
    what = "only a registry's own mailbox" if registry_only else "no mailbox"
    problem = "" if mailboxes else f"{server} names {what} for its network"
    referrals = [v for p in paragraphs for v in p.all("referralserver")]
    matches = (_REFERRAL.match(value) for value in referrals)
    return Read(
        Finding(server, mailboxes, _networks(paragraphs, ip), problem=problem),
        next((match[1].lower() for match in matches if match), ""),
    )


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    current = _Paragraph()
    for line in text.splitlines()[:MAX_LINES]:
        key, colon, value = line[:MAX_LINE].partition(":")
        if not line.strip():
            if current.keys:
                yield current
            current = _Paragraph()
        elif colon and not line.startswith(("%", "#", " ")):
            current.keys.setdefault(key.strip().lower(), []).append(value.strip())
    if current.keys:
        yield current


def _found(text: str, paragraphs: list[_Paragraph]) -> Iterator[Mailbox]:
    for match in _SAID.finditer(text):
        yield from _mailboxes([match[1]], Rank.MARKED)
    named = {v.lower() for p in paragraphs for v in p.all("abuse-c")}
    for paragraph in paragraphs:
        yield from _mailboxes(paragraph.all(*_MARKED), Rank.MARKED)
        handles = paragraph.all(*_CONTACTS)
        is_named = any(handle.lower() in named for handle in handles)
        emails = paragraph.all("e-mail", "orgtechemail", "orgnocemail")
        rank = Rank.ROLE if is_named else Rank.OTHER
        for found in _mailboxes(emails, rank, handles[0][:80] if handles else ""):
            surer = is_desk(found.address) and not is_named
            yield Mailbox(found.address, Rank.LOCAL_PART, "") if surer else found
        for remark in paragraph.all(*_TALK):
            if "abuse" in remark.lower():
                yield from _mailboxes(mailboxes_in(remark), Rank.REMARK)


def _mailboxes(texts: list[str], rank: Rank, handle: str = "") -> Iterator[Mailbox]:
    for text in texts:
        address = mailbox(text)
        if address is not None:
            yield Mailbox(address, rank, handle)


def _networks(paragraphs: list[_Paragraph], ip: IPAddress) -> tuple[IPNetwork, ...]:
    """The smallest of the ranges told that hold the address."""
    told = [v for p in paragraphs for v in p.all(*_RANGES)]
    ranges = [_range(value) for value in told]
    holding = [nets for nets in ranges if any(ip in n for n in nets)]
    return min(holding, key=lambda nets: sum(n.num_addresses for n in nets), default=())


def _range(value: str) -> tuple[IPNetwork, ...]:
    """`192.0.2.0 - 192.0.2.255`, `192.0.2.0/24, ...` or LACNIC's `192.0.2/24`."""
    first, dash, last = value.partition(" - ")
    if dash:
        return between(first.strip(), last.strip())
    return prefixes(value)
