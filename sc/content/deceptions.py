"""Links that hide where they lead: from the reader, or from those who list hosts."""

import re
from collections.abc import Iterator
from enum import Enum

from sc.content import charset
from sc.content.addresses import parse
from sc.content.anchors import find_anchors
from sc.content.domains import registered
from sc.content.links import find_links
from sc.content.mime import Document, text_parts
from sc.content.scripts import looks_latin, mixed
from sc.content.shorteners import KNOWN, is_short
from sc.content.unwrap import unwrap
from sc.content.urls import Url
from sc.model.evidence import Link, Role


class Deception(Enum):
    """Each with a sentence for people."""

    OTHER_HOST = "a link's text names another host than it leads to"
    ADDRESS_HOST = "a link leads to a bare address"
    SHORTENER = "a link leads to a shortener"
    USERINFO = "a link has a user's name before its host"
    MIXED_SCRIPT = "a host's name mixes alphabets"
    LOOKALIKE = "a host's name is another alphabet's that reads as Latin"


MAX_HTML = 1 << 20
"""Characters of all pages whose links are compared with their text."""

_USERINFO = re.compile(r"[a-z]+://[^/?#@]*+@")


def find_deceptions(document: Document) -> dict[Deception, str]:
    """Each with the first host that shows it, in lower case and in A-labels."""
    found: dict[Deception, str] = {}
    for link in find_links(document).links:
        if link.role is Role.NAVIGATES:
            for deception in _of_link(link):
                found.setdefault(deception, link.host)
    if host := _other_host(document):
        found[Deception.OTHER_HOST] = host
    return {
        deception: found[deception] for deception in Deception if deception in found
    }


def _of_link(link: Link) -> Iterator[Deception]:
    if (link.host[-1].isdigit() or ":" in link.host) and parse(link.host):
        yield Deception.ADDRESS_HOST
    if is_short(Url(link.url, link.host), KNOWN):
        yield Deception.SHORTENER
    if _USERINFO.match(link.url):
        yield Deception.USERINFO
    if "xn--" in link.host:
        yield from _of_name(link.host)


def _of_name(host: str) -> Iterator[Deception]:
    labels = [_decoded(label) for label in host.split(".")]
    if any(map(mixed, labels)):
        yield Deception.MIXED_SCRIPT
    # Under a suffix of its own alphabet a name is what it seems to be.
    if labels[-1].isascii() and any(map(looks_latin, labels)):
        yield Deception.LOOKALIKE


def _decoded(label: str) -> str:
    """An A-label as it is shown (RFC 5891); at most 63 octets."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _other_host(document: Document) -> str:
    """The host behind the first link whose text names another domain."""
    room = MAX_HTML
    for part in text_parts(document):
        if part.content_type not in ("text/html", "text/xhtml"):
            continue
        page = charset.decode(part.payload, part.charset, html=True)[:room]
        room -= len(page)
        for anchor in find_anchors(page):
            url, shown = unwrap(anchor.url).url, unwrap(anchor.shown).url
            if url and shown and registered(url.host) != registered(shown.host):
                return url.host
    return ""
