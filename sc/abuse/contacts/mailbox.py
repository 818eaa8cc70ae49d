"""Mailboxes that may be an abuse desk, and those that never are."""

import re
from collections.abc import Iterable
from enum import IntEnum
from itertools import islice

from attrs import frozen

MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less the angle brackets

MAX_IN_TEXT = 5
"""Addresses of one remark; those that name a desk name one or two."""

MAX_LISTED = 10
"""Addresses of one list."""

# RFC 5321 Mailbox without quoted strings and literals: no desk has one, and whatever
# a registry lets a stranger write must not end a header line or an SMTP command.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}\Z")
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{3,190}"
)

_REGISTRIES = frozenset(
    {
        "afrinic.net",
        "apnic.net",
        "arin.net",
        "iana.org",
        "kisa.or.kr",
        "lacnic.net",
        "nic.ad.jp",
        "nic.br",
        "nic.or.kr",
        "registro.br",
        "ripe.net",
        "twnic.tw",
    }
)
_NOBODY = frozenset(
    {
        "do-not-reply",
        "donotreply",
        "no-email",
        "no-reply",
        "noemail",
        "noreply",
        "redacted",
        "removed",
    }
)
_DESKS = frozenset({"abuse", "network-abuse", "spam", "security", "cert", "csirt"})


class Rank(IntEnum):
    """How sure a mailbox is the abuse desk; the smaller, the surer."""

    MARKED = 0
    ONLY_ROLE = 1
    PREFERRED = 2
    LOCAL_PART = 3
    ROLE = 4
    NAME = 5
    LISTED = 6
    REMARK = 7
    ORIGIN = 8
    TECHNICAL = 9
    ADMINISTRATIVE = 10
    OTHER = 11
    GUESSED = 12
    DEAD = 13

    @property
    def is_desk(self) -> bool:
        """Whether it is somebody's who deals with abuse, as far as can be told."""
        return self <= Rank.ORIGIN

    @property
    def reason(self) -> str:
        return _REASONS[self]


_REASONS = {
    Rank.MARKED: "the registry marks it as the abuse mailbox",
    Rank.ONLY_ROLE: "a contact whose only role is abuse",
    Rank.PREFERRED: "the preferred mailbox of a contact with the role abuse",
    Rank.LOCAL_PART: "its name is that of an abuse desk",
    Rank.ROLE: "a contact with the role abuse among others",
    Rank.NAME: "a contact with abuse in its name",
    Rank.LISTED: "listed as the abuse contact",
    Rank.REMARK: "a remark names it for abuse",
    Rank.ORIGIN: "the abuse desk of the network that announces the address",
    Rank.TECHNICAL: "the technical contact, for want of an abuse desk",
    Rank.ADMINISTRATIVE: "the administrative contact, for want of an abuse desk",
    Rank.OTHER: "a contact of unknown role, for want of an abuse desk",
    Rank.GUESSED: "a guess (RFC 2142) from the name of the address",
    Rank.DEAD: "the registry found nobody there, and names no other",
}


@frozen
class Mailbox:
    """
    @ivar handle: the registry's name for the contact; "" for a remark.
    """

    address: str
    rank: Rank
    handle: str = ""


def sifted(found: Iterable[Mailbox]) -> tuple[tuple[Mailbox, ...], bool]:
    """
    Each mailbox once, the best first as given, without placeholders and registries;
    and whether there were only registries' own.
    """
    best: dict[str, Mailbox] = {}
    for one in found:
        best.setdefault(one.address.lower(), one)
    usable = [m for m in best.values() if not is_nobody(m.address)]
    desks = tuple(m for m in usable if not is_registry(m.address))
    return desks, bool(usable) and not desks


def listed(texts: Iterable[object], rank: Rank) -> tuple[tuple[Mailbox, ...], bool]:
    """What a list of addresses comes to, as `sifted`; texts that are none count not."""
    shown = islice((t for t in texts if isinstance(t, str)), MAX_LISTED)
    addresses = (mailbox(text) for text in shown)
    return sifted(Mailbox(a, rank) for a in addresses if a is not None)


def mailbox(text: str) -> str | None:
    """
    One address in the form in which it is mailed; None if it is none.

    `mailto:` and punctuation around it are dropped, the domain is in lower case.
    """
    text = text[: MAX_ADDRESS + 20].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    text = text.strip("<>,;:. \t")
    local, at, domain = text.rpartition("@")
    if at and not domain.isascii():
        domain = _a_labels(domain)
    address = f"{local}@{domain.lower()}"
    if len(address) > MAX_ADDRESS or len(local) > 64:
        return None
    return address if _MAILBOX.match(address) else None


def _a_labels(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def is_nobody(address: str) -> bool:
    """Whether an address is a placeholder that no one reads."""
    local, _, domain = address.lower().rpartition("@")
    labels = domain.split(".")
    return (
        local in _NOBODY
        or labels[-1] in ("invalid", "local", "localhost")
        or (len(labels) == 2 and labels[0] == "example")
    )


def is_registry(address: str) -> bool:
    """Whether it is the desk of those who only gave out the addresses."""
    domain = address.rpartition("@")[2].lower()
    return any(domain == r or domain.endswith("." + r) for r in _REGISTRIES)


def is_desk(address: str) -> bool:
    """Whether the local part says what the mailbox is for (RFC 2142)."""
    local = address.partition("@")[0].lower()
    return local in _DESKS or local.startswith("abuse")


def mailboxes_in(text: str) -> list[str]:
    """The first addresses in a text of people."""
    matches = islice(_IN_TEXT.finditer(text), MAX_IN_TEXT)
    found = (mailbox(match[0]) for match in matches)
    return [address for address in found if address is not None]
