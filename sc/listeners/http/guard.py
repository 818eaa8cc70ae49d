"""Who may come in: rights, and no web page of a stranger."""

import re
from base64 import b64decode
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from twisted.internet.interfaces import IAddress
from twisted.web.http_headers import Headers

from sc.access import Access, Caller, Right
from sc.listeners.endpoint import peer_of
from sc.listeners.http.errors import HttpError

# RFC 3986 3.2: host [ ":" port ]
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::(\d{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(https?)://([^/]+)")
_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE | re.ASCII)
_BASIC = re.compile(r"basic +([A-Za-z0-9+/=]{1,1000})", re.IGNORECASE | re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Incoming(Protocol):
    """The part of a request that is used here."""

    requestHeaders: Headers
    client: IAddress
    host: IAddress


def admit(access: Access, request: Incoming, right: Right) -> Caller:
    """
    @raise HttpError: 401 without a token that we know, 403 with one.
    """
    caller = caller_of(access, request)
    if caller.may(right):
        return caller
    if caller.name == str(peer_of(request.client, request.host)):
        # A browser asks its user only for Basic; programs should not be asked.
        way = 'Basic realm="sc"' if wants_page(request) else "Bearer"
        fields = (("WWW-Authenticate", way),)
        raise HttpError(401, f"needs a token with the right {right.value}", fields)
    raise HttpError(403, f"this token has not the right {right.value}")


def screen(access: Access, hosts: tuple[str, ...], request: Incoming) -> None:
    """
    Before a body is read: a client with no right at all sends none.

    @raise HttpError: 401, 403.
    """
    refuse_strange_pages(request, hosts)
    if not caller_of(access, request).rights:
        admit(access, request, Right.SCAN)


def caller_of(access: Access, request: Incoming) -> Caller:
    peer = peer_of(request.client, request.host)
    return access.caller(peer, _token(request.requestHeaders))


def wants_page(request: Incoming) -> bool:
    """A browser asks; programs take anything, and get JSON."""
    accept = request.requestHeaders.getRawHeaders(b"Accept", [b""])[0]
    return b"text/html" in accept.lower()


def _token(headers: Headers) -> str | None:
    """A browser knows only Basic (RFC 7617): the token is the password there."""
    given = _only(headers, "Authorization") or ""
    if match := _BEARER.fullmatch(given):
        return match[1]
    match = _BASIC.fullmatch(given)
    try:
        pair = b64decode(match[1], validate=True).decode() if match else ""
    except ValueError:
        return None
    return pair.partition(":")[2] or None


def refuse_strange_pages(request: Incoming, hosts: tuple[str, ...]) -> None:
    """
    For requests that change something. Programs send no `Origin`, and browsers
    cannot leave it out; `Host` shows a name that was rebound to our address.

    @raise HttpError: 403.
    """
    headers = request.requestHeaders
    if (_only(headers, "Sec-Fetch-Site") or "").lower() == "cross-site":
        raise HttpError(403, "requests from other web sites are refused")
    host, origin = _only(headers, "Host"), _only(headers, "Origin")
    if host and not _is_ours(host, request.host, hosts):
        text = "is not a name of this daemon; see `hosts` of its http listener"
        raise HttpError(403, f"Host {host[:100]!a} {text}")
    if origin is not None and not _is_same(origin, host or "", hosts):
        text = "is another web site; its requests are refused"
        raise HttpError(403, f"Origin {origin[:100]!a} {text}")


def _only(headers: Headers, name: str) -> str | None:
    """
    @raise HttpError: 400, given twice: RFC 9112 3.2, and a trick elsewhere.
    """
    values = headers.getRawHeaders(name.encode("ascii"), [])
    if len(values) > 1:
        raise HttpError(400, f"{name} is given more than once")
    return values[0].decode("utf-8", "replace").strip() if values else None


def _is_ours(authority: str, own: IAddress, hosts: tuple[str, ...]) -> bool:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    name = match[1].lower().rstrip(".")
    if name == "localhost" or name in {host.lower() for host in hosts}:
        return True
    try:
        ip = ip_address(name.strip("[]"))
    except ValueError:
        return False
    # A page can give its own name to our address, but not an address to its name.
    return ip.is_loopback or _plain(str(ip)) == _plain(getattr(own, "host", ""))


def _plain(address: str) -> str:
    """`::ffff:192.0.2.1` of a dual-stack socket is 192.0.2.1."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip)


def _is_same(origin: str, host: str, hosts: tuple[str, ...]) -> bool:
    """The same host and port as in `Host`; or a name of ours, behind a proxy."""
    match = _ORIGIN.fullmatch(origin.lower())
    authority = _AUTHORITY.fullmatch(match[2]) if match else None
    if match is None or authority is None:
        return False
    if authority[1] in {name.lower() for name in hosts}:
        return True
    called = _AUTHORITY.fullmatch(host.lower())
    default = _DEFAULT_PORTS[match[1]]
    return called is not None and (called[1], called[2] or default) == (
        authority[1],
        authority[2] or default,
    )
