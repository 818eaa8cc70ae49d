"""Where the guarded fetcher never goes with its defaults, and what it never reads.

Every bound of a fetch that a stranger can cause has its test here or in
`test_fetcher.py`: names, addresses, ports, redirects, time, octets, cookies.
"""

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from sc.net.agent import RefusedError, check_addresses
from sc.net.fetcher import (
    FetchError,
    FetcherSettings,
    ForbiddenError,
    GuardedFetcher,
    location,
)
from sc.net.own_address import is_own
from sc.net.resolver import Destinations
from tests.fakes.faults import Fault
from tests.fakes.public_web import LedHome
from tests.fakes.web import Request, http, serving_web
from tests.unit.net.test_fetcher import JSON, Names, fetcher

OUTER = {"outer.example": ["1.1.1.1"]}
INSIDE = {
    "loopback": "127.0.0.1",
    "this network": "0.0.0.0",
    "private": "192.168.1.1",
    "shared": "100.64.0.1",
    "metadata": "169.254.169.254",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "benchmark": "198.18.0.1",
    "6to4 relay": "192.88.99.1",
    "unspecified 6": "::",
    "loopback 6": "::1",
    "compatible": "::7f00:1",
    "mapped": "::ffff:10.0.0.1",
    "NAT64": "64:ff9b::a9fe:a9fe",
    "NAT64 of a site": "64:ff9b:1::101:101",
    "6to4": "2002:a9fe:a9fe::1",
    "Teredo client": "2001:0:808:808::f5ff:fffe",
    "Teredo server": "2001:0:a00:1::f7f7:f7f7",
    "unique local": "fd00::1",
    "link local": "fe80::1",
    "site local": "fec0::1",
    "multicast 6": "ff02::1",
    "documentation 6": "3fff::1",
    "segment routing": "5f00::1",
}


def guarded(web: Any, names: dict[str, list[str]], **more: Any) -> GuardedFetcher:
    """With the default destinations: public ones."""
    settings = FetcherSettings(**{"timeout": 30.0, **more})
    return GuardedFetcher(web, Names(names), settings)


def always(octets: bytes) -> Any:
    return lambda _request: octets


async def test_public() -> None:
    """A host of the internet is reached at its checked address, on port 80."""
    async with serving_web(always(http(200, b"body"))) as web:
        home = LedHome(web)
        fetched = await guarded(home, OUTER).get("http://outer.example/", JSON, 100)
    assert fetched.body == b"body"
    assert home.dialled == [("1.1.1.1", 80)]


@pytest.mark.parametrize("kind", INSIDE)
async def test_redirect_inside(kind: str) -> None:
    """A public page that redirects inside is left there, by name and by number."""
    ip = ip_address(INSIDE[kind])
    literal = f"[{ip}]" if ip.version == 6 else str(ip)
    names = {**OUTER, "inner.example": [str(ip)], literal.strip("[]"): [str(ip)]}
    for target in ("inner.example", literal):
        answer = http(302, headers={"Location": f"http://{target}/"})
        async with serving_web(always(answer)) as web:
            home = LedHome(web)
            with pytest.raises(ForbiddenError, match="is not public"):
                await guarded(home, names).get("http://outer.example/", JSON, 100)
        assert home.dialled == [("1.1.1.1", 80)]


@pytest.mark.parametrize("kind", INSIDE)
async def test_glance_inside(kind: str) -> None:
    """Who only looks for a redirect is kept out as well."""
    async with serving_web(always(http(200))) as web:
        home = LedHome(web)
        inner = guarded(home, {"inner.example": [INSIDE[kind]]})
        with pytest.raises(ForbiddenError, match="is not public"):
            await inner.glance("http://inner.example/")
    assert home.dialled == []


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("http://outer.example:8080/", "port 8080 is not the web's"),
        ("https://outer.example:25/", "port 25 is not the web's"),
        ("ftp://outer.example/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
    ],
)
async def test_redirect_elsewhere(target: str, problem: str) -> None:
    """A redirect leads to no other port and no other scheme."""
    answer = http(302, headers={"Location": target})
    async with serving_web(always(answer)) as web:
        home = LedHome(web)
        with pytest.raises(ForbiddenError, match=problem):
            await guarded(home, OUTER).get("http://outer.example/", JSON, 100)
    assert home.dialled == [("1.1.1.1", 80)]


OURS = (ip_network("9.9.9.0/24"), ip_network("2620:fe::/48"))


@pytest.mark.parametrize(
    "ip",
    [
        "9.9.9.9",
        "::ffff:909:909",
        "64:ff9b::9.9.9.9",
        "2002:909:909::1",
        "2001:0:909:909::f7f7:f7f7",
        "2001:0:808:808::f6f6:f6f6",
        "2620:fe::9",
    ],
)
@pytest.mark.parametrize("destinations", Destinations)
async def test_own_network(ip: str, destinations: Destinations) -> None:
    """Our own networks are out of reach, through a translator or a tunnel as well."""
    async with serving_web(always(http(200))) as web:
        home = LedHome(web)
        settings = {"forbidden": OURS, "destinations": destinations}
        own = guarded(home, {"own.example": [ip]}, **settings)
        with pytest.raises(ForbiddenError, match="is our own"):
            await own.glance("http://own.example/")
    assert home.dialled == []


def test_this_host() -> None:
    """The kernel knows which addresses are this host's own."""
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("192.0.2.1"))
    assert not is_own(ip_address("2001:db8::1"))


def test_public_address_of_this_host() -> None:
    """A service here that trusts this host is not reached through its own address."""
    here, through = ip_address("1.1.1.1"), ip_address("64:ff9b::101:101")
    check_addresses((here,), Destinations.PUBLIC, ())
    with pytest.raises(RefusedError, match=r"1\.1\.1\.1 is this host's"):
        check_addresses((here,), Destinations.PUBLIC, (), own=lambda ip: ip == here)
    with pytest.raises(RefusedError, match="is this host's"):
        check_addresses((through,), Destinations.PUBLIC, (), own=lambda ip: ip == here)
    check_addresses((here,), Destinations.ANY, (), own=lambda _: True)


def test_no_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a host without IPv6 no IPv6 address is its own."""

    def refuse(*_: object) -> None:
        raise OSError("no such family")

    monkeypatch.setattr(socket, "socket", refuse)
    assert not is_own(ip_address("::1"))


def test_connect_timeout() -> None:
    """A connection has five seconds to come about."""
    reactor = MemoryReactorClock()
    work = Deferred.fromCoroutine(
        GuardedFetcher(reactor, Names(OUTER)).glance("http://outer.example/")
    )
    work.addErrback(lambda _: None)
    (host, port, _, timeout, _) = reactor.tcpClients[0]
    assert (host, port, timeout) == ("1.1.1.1", 80, 5.0)
    work.cancel()


async def test_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says about proxies is not for us."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with serving_web(always(http(200, b"direct"))) as web:
        assert (await fetcher().get(web.base, JSON, 100)).body == b"direct"


async def glance(octets: bytes, path: str = "") -> Any:
    async with serving_web(always(octets)) as web:
        return await fetcher(timeout=30.0).glance(web.base + path)


async def test_glance() -> None:
    """A glance tells status and fields, as one who keeps nothing asks for them."""

    def answer(_request: Request) -> bytes:
        more = {"Location": "http://x.example/", "Set-Cookie": "c=1"}
        return http(301, b"gone", more)

    async with serving_web(answer) as web:
        url = web.base.replace("//", "//user:secret@") + "a?b#c"
        fetched = await fetcher().glance(url)
    assert (fetched.status, fetched.body) == (301, b"")
    assert fetched.url == web.base + "a?b"
    assert location(fetched) == "http://x.example/"
    assert "set-cookie" not in fetched.headers
    (request,) = web.requests
    assert (request.method, request.path) == ("GET", "/a?b")
    assert not request.headers.keys() & {"cookie", "authorization", "referer"}


@pytest.mark.parametrize("status", [200, 301, 404])
async def test_no_body_is_read(status: int) -> None:
    """A hundred megabytes behind the header, or compressed ones, are not taken."""
    size = 100 * 1024 * 1024
    sent = {"Content-Length": str(size), "Content-Encoding": "gzip"}
    fetched = await glance(http(status, b"x" * 2_000_000, sent))
    assert (fetched.status, fetched.body) == (status, b"")


async def test_header_is_bounded() -> None:
    """A header section without end is cut off by size."""
    with pytest.raises(FetchError, match="sent too much"):
        await glance(b"HTTP/1.1 301 Moved\r\n" + b"X: y\r\n" * 100_000)


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.TRUNCATE])
async def test_glance_fault(fault: Fault) -> None:
    """Whatever a web server does, there is an answer in time and a sentence."""
    async with serving_web(always(http(301)), fault) as web:
        with pytest.raises(FetchError, match=r"^127\.0\.0\.1 \w+ .*\w"):
            await fetcher(timeout=0.3).glance(web.base)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"/a", "/a"),
        ("http://sh\u00f6p.example/".encode(), "http://sh\u00f6p.example/"),
        (b"http://sh\xf6p.example/", "http://sh\u00f6p.example/"),
        (b"http://x.example/\r\n\tfolded", None),
        (b"http://x.example/\r\nBcc: y", "http://x.example/"),
    ],
)
async def test_location(written: bytes, read: str | None) -> None:
    """A Location is read as browsers do, and brings no line end with it."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
    found = location(await glance(head + written + b"\r\n\r\n"))
    assert found is not None
    assert "\r" not in found
    assert "\n" not in found
    assert read in (None, found)


@pytest.mark.parametrize("status", [200, 300, 304, 404])
async def test_no_redirect(status: int) -> None:
    """Only a redirect's Location counts."""
    answer = http(status, headers={"Location": "http://x.example/"})
    assert location(await glance(answer)) is None
