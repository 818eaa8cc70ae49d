"""The hosts behind a message's links, in the order in which it pays to ask for them."""

from collections import Counter
from collections.abc import Iterable

from attrs import frozen

from sc.content.addresses import parse
from sc.content.domains import registered
from sc.content.links import find_links
from sc.content.mime import Document
from sc.model.envelope import IPAddress
from sc.model.evidence import Role


@frozen
class LinkHost:
    """
    @ivar host: in lower case, in A-labels.
    @ivar domain: that somebody registered; of an address itself.
    @ivar ip: if the host is a bare address.
    """

    host: str
    domain: str
    ip: IPAddress | None = None


def link_hosts(document: Document, ignored: Iterable[str]) -> tuple[LinkHost, ...]:
    """
    One for each domain of links that somebody may open, wrappers taken off.

    Bare addresses come first, then what most links lead to: who wants to hide a
    host among others has to write down many.

    @param ignored: hosts, with all below them, that do not count.
    """
    count: Counter[str] = Counter()
    first: dict[str, LinkHost] = {}
    for link in find_links(document, ignored).links:
        if link.role is Role.NAVIGATES:
            found = _link_host(link.host)
            first.setdefault(found.domain, found)
            count[found.domain] += 1
    return tuple(
        sorted(first.values(), key=lambda one: (one.ip is None, -count[one.domain]))
    )


def _link_host(host: str) -> LinkHost:
    # A name's last label is never a number (WHATWG "ends in a number").
    ip = parse(host) if host[-1].isdigit() or ":" in host else None
    return LinkHost(host, host if ip else registered(host), ip)
