"""Every link of a message, unwrapped, once, with what it does."""

import re
from collections.abc import Iterable

from attrs import Factory, define, frozen

from sc.content import charset, plain_links
from sc.content.addresses import is_public, parse
from sc.content.attributes import resolved
from sc.content.fields import text
from sc.content.html import read_html
from sc.content.mime import Document, Part, text_parts
from sc.content.unwrap import unwrap, wraps
from sc.content.urls import Url, canonical
from sc.model.evidence import Attached, Link, Role

NEVER = frozenset(
    {"w3.org", "schema.org", "schemas.microsoft.com", "schemas.openxmlformats.org"}
)
"""Names of vocabularies, which software writes into a page and nobody opens."""

_LOOKS_LIKE_HTML = re.compile(r"<(?:html|body|a\s|table|!doctype)", re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
_RANK = {Role.NAVIGATES: 0, Role.RESOURCE: 1, Role.UNSUBSCRIBE: 2}
_ANGLES = re.compile(r"<([^<>]+)>")


@frozen
class LinkLimits:
    """
    @ivar links: distinct links that are kept.
    @ivar candidates: distinct URLs that are looked at.
    @ivar html: characters of all HTML parts that are read.
    """

    links: int = 2000
    candidates: int = 10_000
    html: int = 4 << 20


@frozen
class Links:
    links: tuple[Link, ...]
    warnings: tuple[str, ...]


def find_links(
    document: Document,
    ignored: Iterable[str] = (),
    limits: LinkLimits = LinkLimits(),
    attached: Iterable[Attached] = (),
) -> Links:
    """
    Those that navigate first, then in the order of the message.

    @param ignored: hosts, with all below them, in lower case, that never count.
    """
    found = _Found(frozenset(ignored) | NEVER, limits)
    for part in text_parts(document):
        _read_part(part, found)
    for field in document.fields:
        if field.name.lower() == "list-unsubscribe":
            for url in _ANGLES.findall(text(field.value[:8192])):
                found.add(url, Role.UNSUBSCRIBE)
    for attachment in attached:
        found.part = attachment.name
        for url, role in attachment.urls:
            if ":" in url:  # A page on a reader's disk has no base.
                found.add(url, role)
        if attachment.problem:
            name = f" {attachment.name}" if attachment.name else ""
            found.warnings[f"attachment{name}: {attachment.problem}"] = None
    links = (x for role in _RANK for x in found.links.values() if x.role is role)
    return Links(tuple(links), tuple(found.warnings))


@define
class _Found:
    _ignored: frozenset[str]
    _limits: LinkLimits
    links: dict[str, Link] = Factory(dict)
    warnings: dict[str, None] = Factory(dict)
    part: str = ""
    _html: int = 0
    _seen: dict[str | tuple[str, str], Role] = Factory(dict)
    _hosts: dict[str, bool] = Factory(dict)

    def add(self, url: str, role: Role, base: str | None = None) -> None:
        """Look at one URL as it stands in the message."""
        candidate = (url, base) if base else url
        seen = self._seen.get(candidate)
        if seen is not None and _RANK[seen] <= _RANK[role]:
            return
        if seen is None and len(self._seen) >= self._limits.candidates:
            self._many()
            return
        self._seen[candidate] = role
        outer = canonical(url, base)
        if outer is None:
            return
        if wraps(outer.host):
            self._keep(*unwrap(outer), role)
        else:
            self._keep(outer, (), role)

    def knows(self, url: str) -> bool:
        """It was looked at, whatever it does."""
        return url in self._seen

    def take_html(self, content: str) -> str:
        """As much of a page as the message may still have read."""
        taken = content[: max(self._limits.html - self._html, 0)]
        self._html += len(taken)
        if len(taken) < len(content):
            self.long()
        return taken

    def long(self) -> None:
        self.warnings["a page is too long: the rest was not read"] = None

    def _keep(self, url: Url | None, chain: tuple[str, ...], role: Role) -> None:
        if url is None:
            return
        # A message names few hosts many times.
        counts = self._hosts.get(url.host)
        if counts is None:
            counts = self._hosts[url.host] = self._counts(url.host)
        if not counts:
            return
        key = url.key if "#" in url.href else url.href
        known = self.links.get(key)
        if known is None and len(self.links) >= self._limits.links:
            self._many()
        elif known is None or _RANK[role] < _RANK[known.role]:
            self.links[key] = Link(url.href, url.host, role, chain, self.part)

    def _counts(self, host: str) -> bool:
        # A name's last label is never a number (WHATWG "ends in a number").
        if (host[-1].isdigit() or ":" in host) and (ip := parse(host)):
            return is_public(ip)
        domain = host
        while domain:
            if domain in self._ignored:
                return False
            domain = domain.partition(".")[2]
        return True

    def _many(self) -> None:
        self.warnings["too many links: the rest was not read"] = None


def _read_part(part: Part, found: _Found) -> None:
    html = part.content_type in ("text/html", "text/xhtml", "text/enriched")
    content = charset.decode(part.payload, part.charset, html=html)
    if part.delsp:
        # RFC 3676 4.2: DelSp=yes takes the blank at a soft line break away.
        content = re.sub(r" \r?\n", "", content)
    if part.content_type == "text/calendar":
        content = _FOLD.sub("", content)  # RFC 5545 3.1
    shown = content
    if html or _LOOKS_LIKE_HTML.search(content[:2048]):
        shown = _read_page(content, found)
    for url in plain_links.find_urls(shown):
        found.add(url, Role.NAVIGATES)
    if not html and shown is not content:
        # It says it is text: some readers show the page, the others its source, where
        # a tag that is never closed hides nothing. What is known keeps its role.
        for url in plain_links.find_urls(resolved(content)):
            if not found.knows(url):
                found.add(url, Role.NAVIGATES)


def _read_page(content: str, found: _Found) -> str:
    """Add what the tags hold; return the text between them."""
    page = read_html(found.take_html(content))
    base = canonical(page.base) if page.base else None
    for url, role in page.references.items():
        if base or ":" in url or url[:1] in "/\\":
            found.add(url, role, base.href if base else None)
    if page.cut:
        found.long()
    return page.text
