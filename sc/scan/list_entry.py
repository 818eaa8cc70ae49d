"""One entry of an allow or a deny list: a line in a file, or a text in the settings.

network 192.0.2.0/24                          # a comment
sender news@example.org from 198.51.100.0/24
sender *.example.com until 2027-01-31
recipient abuse@example.net
user backup
"""

import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from ipaddress import ip_network

from attrs import field, frozen

from sc.model.complaint import IPNetwork
from sc.model.envelope import IPAddress

MAX_LINE = 1000
"""Characters of a line, its comment included."""

_WORDS = re.compile(
    r"(?P<kind>\S+) (?P<value>\S+)(?: from (?P<from>\S+))?(?: until (?P<until>\S+))?"
)
_DOMAIN = r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}"
# All of them in lower case: no host that is alive tells `Bob` from `bob`. No pattern
# but the one for subdomains: `*@example.org` is `example.org`.
_ADDRESS = re.compile(
    rf"[\x21-\x29\x2b-\x3f\x41-\x7e]{{1,64}}@{_DOMAIN}|(?:\*\.)?{_DOMAIN}"
)
_USER = re.compile(r"[\x21-\x7e]{1,255}")


class Kind(Enum):
    """What of an envelope an entry is about."""

    NETWORK = "network"
    SENDER = "sender"
    RECIPIENT = "recipient"
    USER = "user"


@frozen
class Entry:
    """
    @ivar value: an address, a domain, `*.` and a domain, a user; or as in `network`.
    @ivar network: of the client; with a sender, where he must come from.
    @ivar until: seconds since 1970; None: for good.
    @ivar origin: where it stands, for people.
    """

    kind: Kind
    value: str
    network: IPNetwork | None = None
    until: float | None = None
    comment: str = ""
    origin: str = field(default="", eq=False)

    def holds(self, now: float) -> bool:
        return self.until is None or now < self.until

    def covers(self, ip: IPAddress | None) -> bool:
        """Whether that client is in the entry's network; it has one."""
        ip = getattr(ip, "ipv4_mapped", None) or ip
        network = self.network
        if ip is None or network is None or ip.version != network.version:
            return False
        return ip in network

    def __str__(self) -> str:
        return f"{self.kind.value} {self.value}"


def read_entry(line: str, origin: str = "") -> Entry:
    """@raise ValueError: it is none, and what it should be."""
    if len(line) > MAX_LINE:
        raise ValueError(f"is longer than {MAX_LINE} characters")
    text, _, comment = line.partition("#")
    match = _WORDS.fullmatch(" ".join(text.split()))
    if match is None:
        raise ValueError(
            "must be: network|sender|recipient|user VALUE"
            " [from NETWORK] [until YYYY-MM-DD]"
        )
    kind = _kind(match["kind"])
    value, network = _value(kind, match["value"].lower())
    if match["from"] is not None:
        if kind is not Kind.SENDER:
            raise ValueError("only a sender comes from a network")
        network = _network(match["from"])
    until = None if match["until"] is None else _end(match["until"])
    return Entry(kind, value, network, until, comment.strip(), origin)


def _kind(word: str) -> Kind:
    try:
        return Kind(word.lower())
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise ValueError(f"must begin with one of {known}") from None


def _value(kind: Kind, text: str) -> tuple[str, IPNetwork | None]:
    if kind is Kind.NETWORK:
        network = _network(text)
        return str(network), network
    pattern = _USER if kind is Kind.USER else _ADDRESS
    if not pattern.fullmatch(text):
        raise ValueError(
            "must be the name of a user"
            if kind is Kind.USER
            else "must be an address, a domain, or *. and a domain"
        )
    return text, None


def _network(text: str) -> IPNetwork:
    try:
        return ip_network(text)
    except ValueError as e:
        raise ValueError(f"must be a network, such as 192.0.2.0/24 ({e})") from None


def _end(text: str) -> float:
    """The last moment of that day, UTC."""
    try:
        day = date.fromisoformat(text)
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise ValueError("must end on a day, such as 2027-01-31") from None
    return end.timestamp()
