"""The guarded fetcher: what it takes, and where it never goes."""

import zlib
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime

from sc.model.envelope import IPAddress
from sc.net.fetcher import (
    MAX_REDIRECTS,
    Fetched,
    FetchError,
    FetcherSettings,
    ForbiddenError,
    GuardedFetcher,
)
from sc.net.resolver import Destinations, NotFoundError
from tests.fakes.faults import Fault
from tests.fakes.web import Request, http, serving_web

REACTOR = cast(IReactorTime, reactor)
JSON = "application/json"


class Names:
    """A resolver with a dict; `asked` counts."""

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        self._names = names
        self.asked: list[str] = []

    async def addresses(self, host: str) -> tuple[IPAddress, ...]:
        self.asked.append(host)
        found = self._names.get(host) or ([host] if host[-1].isdigit() else [])
        if not found:
            raise NotFoundError(f"{host} has no address")
        return tuple(map(ip_address, found))


LOCAL = {"web.example": ["127.0.0.1"]}


def fetcher(
    names: Mapping[str, list[str]] = LOCAL, timeout: float = 2.0, **more: Any
) -> GuardedFetcher:
    settings = FetcherSettings(
        **{"destinations": Destinations.ANY, "timeout": timeout, **more}
    )
    return GuardedFetcher(REACTOR, Names(names), settings)


def ok(_request: Request) -> bytes:
    return http(200, b"body", {"X-Thing": "a", "Set-Cookie": "c=1; Path=/"})


async def get(web: Any, path: str = "", max_octets: int = 1000) -> Fetched:
    return await fetcher().get(web.base + path, JSON, max_octets)


async def test_get() -> None:
    """A page arrives with its status, its fields and where it came from."""
    async with serving_web(ok) as web:
        url = f"http://web.example:{web.port}/a?b=c"
        fetched = await fetcher().get(url, JSON, 4)
    assert (fetched.status, fetched.body, fetched.url) == (200, b"body", url)
    assert fetched.headers["x-thing"] == "a"
    (request,) = web.requests
    assert (request.method, request.path) == ("GET", "/a?b=c")
    assert request.headers == {
        "host": f"web.example:{web.port}",
        "accept": JSON,
        "user-agent": "sc",
        "connection": "close",
    }


async def test_any_status() -> None:
    """An error page is an answer; what it means is the caller's business."""
    async with serving_web(lambda _: http(404, b"none")) as web:
        assert (await get(web)).status == 404


async def test_no_cookie_and_no_password_travels() -> None:
    """What a page sets or a URL holds is not told to the next page."""

    def answer(request: Request) -> bytes:
        more = {"Location": "/end", "Set-Cookie": "c=1; Path=/"}
        return http(302, headers=more) if request.path == "/" else ok(request)

    async with serving_web(answer) as web:
        url = web.base.replace("//", "//user:secret@")
        fetched = await fetcher().get(url, JSON, 100)
    assert fetched.url == web.base + "end"
    assert fetched.chain == (web.base,)
    names = {name for request in web.requests for name in request.headers}
    assert not names & {"cookie", "authorization", "referer"}


@pytest.mark.parametrize(("size", "fits"), [(9, True), (10, True), (11, False)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_body_limit(size: int, fits: bool, chunked: bool) -> None:
    """A body up to the limit is taken, with or without a declared length."""
    body, headers = b"x" * size, {}
    if chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
        headers = {"Transfer-Encoding": "chunked", "Content-Length": "0"}
    plain = http(200, body, headers).replace(b"Content-Length: 0\r\n", b"")
    async with serving_web(lambda _: plain) as web:
        if fits:
            assert len((await get(web, max_octets=10)).body) == size
        else:
            with pytest.raises(FetchError, match=r"127\.0\.0\.1 sent too much"):
                await get(web, max_octets=10)


async def test_slow_server() -> None:
    """A server that never comes to an end is told by the time that it had."""
    async with serving_web(ok, Fault.DRIP) as web:
        with pytest.raises(
            FetchError, match=r"^127\.0\.0\.1 did not answer in 0\.2 s$"
        ):
            await fetcher(timeout=0.2).get(web.base, JSON, 1000)


async def test_header_flood() -> None:
    """Headers without end are cut off by size, not by the clock."""
    head = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000
    async with serving_web(lambda _: head) as web:
        with pytest.raises(FetchError, match="sent too much"):
            await get(web)


async def test_compressed() -> None:
    """Compressed content, a thousandfold larger inside, is not unpacked."""
    bomb = zlib.compress(bytes(1 << 20))
    answer = http(200, bomb, {"Content-Encoding": "gzip"})
    async with serving_web(lambda _: answer) as web:
        with pytest.raises(ForbiddenError, match="compressed content"):
            await get(web, max_octets=1 << 20)


@pytest.mark.parametrize("fault", list(Fault))
async def test_fault(fault: Fault) -> None:
    """Whatever a web server does, there is an answer in time and a sentence."""
    async with serving_web(ok, fault) as web:
        with pytest.raises(FetchError, match=r"^127\.0\.0\.1 \w+ .*\w") as caught:
            await fetcher(timeout=0.3).get(web.base, JSON, 1000)
    assert not isinstance(caught.value, ForbiddenError)


def redirects(count: int, last: bytes) -> Any:
    def answer(request: Request) -> bytes:
        step = int(request.path[1:] or 0)
        return (
            last if step == count else http(302, headers={"Location": f"/{step + 1}"})
        )

    return answer


async def test_redirects() -> None:
    """Redirects are followed to their end, and remembered."""
    async with serving_web(redirects(MAX_REDIRECTS, http(200, b"end"))) as web:
        fetched = await get(web)
    assert fetched.body == b"end"
    assert len(fetched.chain) == MAX_REDIRECTS


async def test_too_many_redirects() -> None:
    """Who redirects without end is left."""
    async with serving_web(redirects(99, b"")) as web:
        with pytest.raises(FetchError, match="redirects more than 5 times"):
            await get(web)
    assert len(web.requests) == MAX_REDIRECTS + 1


async def test_ring() -> None:
    """Who redirects in a ring is left at once."""
    async with serving_web(lambda _: http(301, headers={"Location": "/"})) as web:
        with pytest.raises(FetchError, match="redirects in a ring"):
            await get(web)
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    "location", ["http://", "ftp://a.example/", "file:///etc/passwd"]
)
async def test_bad_location(location: str) -> None:
    """A redirect to what is no web address is not followed."""
    async with serving_web(lambda _: http(302, headers={"Location": location})) as web:
        with pytest.raises(ForbiddenError):
            await get(web)


async def test_redirect_without_location() -> None:
    """A redirect that leads nowhere is the answer."""
    async with serving_web(lambda _: http(302)) as web:
        assert (await get(web)).status == 302


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://127.0.0.1/", r"127\.0\.0\.1 is not public"),
        ("http://2130706433/", r"127\.0\.0\.1 is not public"),
        ("http://[::1]/", "::1 is not public"),
        ("http://[64:ff9b::7f00:1]/", "not public"),
        ("http://inner.example/", r"10\.1\.2\.3 is not public"),
        ("http://both.example/", r"10\.1\.2\.3 is not public"),
        ("https://both.example/", r"10\.1\.2\.3 is not public"),
        ("http://outer.example:8080/", "port 8080 is not the web's"),
        ("http://outer.example:22/", "port 22 is not the web's"),
        ("ftp://outer.example/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("nonsense", "is not a URL"),
        ("http://a.example/" + "x" * 9000, "a URL of 9017 characters"),
    ],
)
async def test_never_connects(url: str, problem: str) -> None:
    """Our own network, other ports and other schemes are out of reach."""
    names = {
        "outer.example": ["1.1.1.1"],
        "inner.example": ["10.1.2.3"],
        "both.example": ["1.1.1.1", "10.1.2.3"],
    }
    guarded = fetcher(names, destinations=Destinations.PUBLIC)
    with pytest.raises(ForbiddenError, match=problem):
        await guarded.get(url, JSON, 100)


@pytest.mark.parametrize("ip", ["127.0.0.1", "::ffff:127.0.0.1"])
async def test_own_network(ip: str) -> None:
    """What the operator calls our own is out of reach even where all else is not."""
    own = (ip_network("127.0.0.0/8"),)
    async with serving_web(ok) as web:
        url = f"http://web.example:{web.port}/"
        with pytest.raises(ForbiddenError, match="is our own"):
            await fetcher({"web.example": [ip]}, forbidden=own).get(url, JSON, 100)
    assert web.requests == []


async def test_name_is_asked_for_once() -> None:
    """We connect to the address that was checked, whatever DNS would say next."""
    names = Names(LOCAL)
    settings = FetcherSettings(Destinations.ANY, timeout=2.0)
    async with serving_web(ok) as web:
        url = f"http://web.example:{web.port}/"
        await GuardedFetcher(REACTOR, names, settings).get(url, JSON, 100)
    assert names.asked == ["web.example"]


async def test_odd_names() -> None:
    """A host with an underscore or an IPv6 literal is fetched as well."""
    names = {"odd_name.example": ["127.0.0.1"]}
    async with serving_web(ok) as web:
        url = f"http://odd_name.example:{web.port}/"
        assert (await fetcher(names).get(url, JSON, 100)).status == 200
    with pytest.raises(FetchError, match=r"^\[::1\] cannot be reached$"):
        await fetcher().get("http://[::1]:1/", JSON, 100)


async def test_unknown_host() -> None:
    """A host without an address is told as such."""
    with pytest.raises(FetchError, match=r"none\.example has no address"):
        await fetcher({}).get("http://none.example/", JSON, 100)


async def test_next_address() -> None:
    """A dead address of a host does not hide the living one."""
    async with serving_web(ok) as web:
        names = {"web.example": ["127.0.0.9", "::1", "127.0.0.1"]}
        fetched = await fetcher(names).get(f"http://web.example:{web.port}/", JSON, 100)
    assert fetched.body == b"body"


async def test_no_more_than_three_addresses() -> None:
    """A host with many dead addresses is left after three."""
    async with serving_web(ok) as web:
        names = {"web.example": [*(f"127.0.0.{n}" for n in (7, 8, 9)), "127.0.0.1"]}
        with pytest.raises(FetchError, match=r"web\.example cannot be reached"):
            await fetcher(names).get(f"http://web.example:{web.port}/", JSON, 100)
    assert web.requests == []


async def test_leaving() -> None:
    """One who stops waiting leaves no connection behind."""
    async with serving_web(ok, Fault.HANG) as web:
        work = Deferred.fromCoroutine(get(web))
        while not web.requests:
            pause: Deferred[None] = Deferred()
            REACTOR.callLater(0.01, pause.callback, None)
            await pause
        work.cancel()
        with pytest.raises(CancelledError):
            await work
