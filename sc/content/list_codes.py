"""What a list in DNS answers (RFC 5782): a code in 127.0.0.0/8, or a refusal."""

from collections.abc import Iterable
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from sc.model.envelope import IPAddress

CODES = IPv4Network("127.0.0.0/8")

_REFUSALS = (IPv4Network("127.255.255.0/24"), IPv4Network("127.0.0.1/32"))
"""Spamhaus and others; URIBL and SURBL. Taken for a listing, all mail would be spam."""


class Kind(Enum):
    """What may be listed, each with the entries of RFC 5782 5: one that a list that
    works has, and one that none has."""

    IPV4 = ("127.0.0.2", "127.0.0.1")
    IPV6 = ("::ffff:127.0.0.2", "::ffff:127.0.0.1")
    NAME = ("test", "invalid")

    @property
    def listed(self) -> str:
        return self._query(0)

    @property
    def unlisted(self) -> str:
        return self._query(1)

    def _query(self, index: int) -> str:
        text: str = self.value[index]
        return text if self is Kind.NAME else query(ip_address(text))


def kind_of(ip: IPAddress) -> Kind:
    return Kind.IPV6 if isinstance(ip, IPv6Address) else Kind.IPV4


def query(ip: IPAddress) -> str:
    """Octets or nibbles, the last one first (RFC 5782 2.1, 2.4)."""
    return ip.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def refusal(codes: Iterable[IPv4Address]) -> str:
    """Why an answer says nothing about what was asked for; "" if it does."""
    for code in codes:
        if code not in CODES:
            # A zone that was given up often ends at a server that knows all names.
            return f"it answers {code}, which is no code: perhaps it was shut down"
        if any(code in network for network in _REFUSALS):
            return f"it answers {code}: we may not ask it"
    return ""
