"""A URL as a browser opens it (WHATWG URL), not as RFC 3986 would read it.

The host is what a complaint is about, so no second reading of it may exist:
`http://good@evil`, `http:\\\\evil`, decimal addresses, full-width letters and soft
hyphens all end here.
"""

import re
from collections.abc import Container
from typing import NamedTuple

from ada_url import URL

from sc.content.addresses import parse

MAX_URL = 16 * 1024
"""Characters of one URL; browsers take more, no real link has them."""

# Of the canonical form only, in which userinfo has no bare `@`, `/` or `:`. One call
# into the parser for the whole URL is half as dear as one for each of its parts.
_AUTHORITY = re.compile(
    r"(?:https?|ftp)://(?:[^/?#@]*+@)?(\[[0-9a-f:.]++\]|[^/:?#@]++)"
)
# What the parser gives back as it is, as most links are: no need to ask it. Nothing
# that it could change: no dot that begins a path's part, no port, no A-label.
_UNCHANGED = re.compile(
    r"https?://((?=[^/]{4,253}(?:/|\Z))(?:(?!xn--)[a-z0-9_-]{1,63}\.)+"
    r"(?!xn--)[a-z][a-z0-9-]{1,62})"
    r"(?:\Z|(?>(?:/(?!\.|%2[eE])[A-Za-z0-9._~!$&'()*+,;=:@%-]*+)+)"
    r"(?>(?:\?[A-Za-z0-9._~!$&()*+,;=:@/?%-]*+)?)"
    r"(?>(?:#[A-Za-z0-9._~!$&()*+,;=:@/?%-]*+)?)\Z)"
)
# Less than WHATWG allows: only what can be a name in the DNS, `_` included.
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}\Z")


class Url(NamedTuple):
    """
    @ivar href: canonical, with its fragment.
    @ivar host: lower case, A-labels, no trailing dot; an address without brackets.
    """

    href: str
    host: str

    @property
    def key(self) -> str:
        """Equal for links that fetch the same thing."""
        return self.href.partition("#")[0]


def canonical(text: str, base: str | None = None) -> Url | None:
    """
    None for what is not http, https or ftp, or names no host of the DNS.

    @param base: an absolute URL for a relative `text`; without one, only `//host`
        is completed, as readers of mail do.
    """
    text = text.strip()[:MAX_URL]
    if match := _UNCHANGED.match(text):
        # Without a path it gets one.
        return Url(text if match.end(1) < len(text) else text + "/", match[1])
    if text.startswith("mailto:"):
        return None  # As many links are; it spares the parser.
    if base is None and text.startswith(("//", "\\\\")):
        text = "https:" + text
    try:
        href = (URL(text, base) if base else URL(text)).href
    except ValueError:
        return None
    match = _AUTHORITY.match(href)
    host = _host(match[1]) if match else None
    return Url(href, host) if host else None


def _host(name: str) -> str | None:
    if name.startswith("["):
        ip = parse(name)
        return str(ip) if ip else None
    name = name.rstrip(".")
    if _NAME.match(name):
        return name
    return name if parse(name) else None


def within(host: str, domain: str) -> bool:
    """True if `host` is `domain` or below it; both in lower case."""
    return host == domain or host.endswith("." + domain)


def under(host: str, domains: Container[str]) -> bool:
    """True if `host`, or a domain above it, is among `domains`; all in lower case."""
    while host:
        if host in domains:
            return True
        host = host.partition(".")[2]
    return False
