"""Fetch from hosts that strangers name: bounded, checked again at each redirect.

Abuse contacts, shorteners and the like go through here, so nobody can make us read
from our own network, read without end, or carry a cookie from one to the other.
"""

from collections.abc import Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import treq
from ada_url import URL
from attrs import evolve, field, frozen
from attrs.validators import and_, ge, le
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.interfaces import IReactorTime
from twisted.web._newclient import RequestGenerationFailed, RequestNotSent
from twisted.web.client import (
    BrowserLikePolicyForHTTPS,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS, IResponse

from sc.model.complaint import IPNetwork
from sc.net.agent import Guard, GuardedAgent, RefusedError
from sc.net.posting import BeforeBody, Body, Posting
from sc.net.resolver import Destinations, ResolveError, Resolver

MAX_REDIRECTS = 5
MAX_URL = 8192
MAX_HEADERS = 64 * 1024
"""Octets of a header section, and of what TLS adds to a connection."""

NO_MORE: Mapping[str, str] = MappingProxyType({})

_REDIRECTS = {301, 302, 303, 307, 308}


class FetchError(Exception):
    """Nothing was fetched; the text is a sentence about which host and why."""


class ForbiddenError(FetchError):
    """We do not go there: the address, port, scheme or redirect is not allowed."""


@frozen
class Fetched:
    """
    @ivar headers: names in lower case; of a repeated field the first.
    @ivar url: the last one, which answered.
    @ivar chain: the URLs that redirected to it, in order.
    """

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=lambda b: f"<{len(b)} octets>")
    url: str
    chain: tuple[str, ...] = ()


class Fetcher(Protocol):
    async def get(self, url: str, accept: str, max_octets: int) -> Fetched:
        """
        GET, following at most five redirects; any status is an answer.

        @param accept: the Accept field; the caller checks what it gets.
        @param max_octets: of the body; more is an error.
        @raise FetchError: there is no answer, or not one that we take.
        """
        ...


class Hops(Protocol):
    """For those who decide about each redirect by themselves."""

    async def get_once(self, url: str, accept: str, max_octets: int) -> Fetched:
        """
        GET; a redirect is an answer like any other, and `redirected` reads it.

        @raise FetchError: as `Fetcher.get`.
        """
        ...


class Glances(Protocol):
    """For those who want to know only where an answer points to."""

    async def glance(self, url: str) -> Fetched:
        """
        GET, and end the connection after the header section: `body` stays empty,
        whatever the server sends.

        @raise FetchError: as `Fetcher.get`.
        """
        ...


class Poster(Protocol):
    async def post(
        self, posting: Posting, max_octets: int, before_body: BeforeBody
    ) -> Fetched:
        """
        POST; any status is an answer, a redirect, too, which is not followed.

        `before_body` is awaited when all but the body has left. If it raises, nothing
        was posted, and the same comes out here.

        @param max_octets: of the answer's body; more is an error.
        @raise FetchError: there is no answer, or not one that we take.
        """
        ...


@frozen
class FetcherSettings:
    """
    @ivar destinations: `public`, or `any` for tests and closed networks.
    @ivar forbidden: networks of our own; never connected to, with `any` neither.
    @ivar timeout: seconds for names, connections, redirects and body together.
    @ivar connect_timeout: seconds for one address.
    @ivar user_agent: what servers see of us; registries ask for a contact in it.
    """

    destinations: Destinations = Destinations.PUBLIC
    timeout: float = field(default=10.0, validator=and_(ge(0.1), le(300.0)))
    connect_timeout: float = field(default=5.0, validator=and_(ge(0.1), le(60.0)))
    user_agent: str = "sc"
    forbidden: tuple[IPNetwork, ...] = ()


class GuardedFetcher:
    """The `Fetcher`, `Hops` and `Poster` of the daemon."""

    def __init__(
        self,
        reactor: IReactorTime,
        resolver: Resolver,
        settings: FetcherSettings = FetcherSettings(),
        policy: IPolicyForHTTPS | None = None,
    ) -> None:
        self._clock = reactor
        self._settings = settings
        self._guard = Guard(
            reactor,
            resolver,
            settings.destinations,
            settings.forbidden,
            policy or BrowserLikePolicyForHTTPS(),
            settings.connect_timeout,
        )

    async def get(self, url: str, accept: str, max_octets: int) -> Fetched:
        """See `Fetcher.get`."""
        return await self._bounded(url, self._follow(url, accept, max_octets))

    async def get_once(
        self,
        url: str,
        accept: str,
        max_octets: int,
        headers: Mapping[str, str] = NO_MORE,
    ) -> Fetched:
        """
        See `Hops.get_once`.

        @param headers: besides ours; a key in them is sent nowhere else.
        """
        work = self._guarded(url, self._headers(accept, headers), max_octets)
        return await self._bounded(url, work)

    async def glance(self, url: str) -> Fetched:
        """See `Glances.glance`."""
        return await self._bounded(url, self._hop(url, "*/*", None))

    async def post(
        self, posting: Posting, max_octets: int, before_body: BeforeBody
    ) -> Fetched:
        """See `Poster.post`."""
        headers = self._headers("application/json", posting.headers)
        headers.setRawHeaders("Content-Type", [posting.content_type])
        body = Body(posting.body, before_body)
        work = self._guarded(posting.url, headers, max_octets, body)
        try:
            return await self._bounded(posting.url, work)
        except RequestGenerationFailed as e:
            raise (e.reasons[0].value or e) from None

    async def _bounded(self, url: str, work: Coroutine[Any, Any, Fetched]) -> Fetched:
        seconds = self._settings.timeout
        try:
            return await Deferred.fromCoroutine(work).addTimeout(seconds, self._clock)
        except DeadlineError:
            host = _parse(url).hostname
            raise FetchError(f"{host} did not answer in {seconds:g} s") from None

    async def _follow(self, url: str, accept: str, max_octets: int) -> Fetched:
        chain: tuple[str, ...] = ()
        while True:
            fetched = await self._hop(url, accept, max_octets)
            target = redirected(fetched, chain)
            if target is None:
                return evolve(fetched, chain=chain)
            chain, url = (*chain, fetched.url), target

    async def _hop(self, address: str, accept: str, max_octets: int | None) -> Fetched:
        return await self._guarded(address, self._headers(accept), max_octets)

    def _headers(self, accept: str, more: Mapping[str, str] = NO_MORE) -> Headers:
        ours = {"Accept": accept, "User-Agent": self._settings.user_agent}
        return Headers({name: [value] for name, value in {**ours, **more}.items()})

    async def _guarded(
        self,
        address: str,
        headers: Headers,
        max_octets: int | None,
        body: Body | None = None,
    ) -> Fetched:
        """@param max_octets: None: no body is wanted."""
        url = _parse(address)
        # Chunks of one octet take six on the wire; nobody honest doubles a body.
        agent = GuardedAgent(self._guard, MAX_HEADERS + 2 * (max_octets or 0))
        try:
            return await self._exchange(agent, url, headers, max_octets, body)
        except CancelledError:
            raise
        except RefusedError as e:
            raise ForbiddenError(f"{url.hostname} is not fetched from: {e}") from None
        except ResolveError as e:
            raise FetchError(str(e)) from None
        except _FAILURES as e:
            _let_cancelling_through(e)
            problem = "sent too much" if agent.exceeded else _sentence(e)
            raise FetchError(f"{url.hostname} {problem}") from e
        finally:
            await agent.close()

    async def _exchange(
        self,
        agent: GuardedAgent,
        url: URL,
        headers: Headers,
        max_octets: int | None,
        sent: Body | None,
    ) -> Fetched:
        # The agent itself, not treq's client: that refuses IPv6 literals and names
        # with `_`, unpacks compressed content and keeps cookies.
        method = b"GET" if sent is None else b"POST"
        href = url.href.encode("ascii")
        response = await agent.request(method, href, headers, sent)
        body = b""
        if max_octets is not None and response.code not in _REDIRECTS:
            body = await _body(response, max_octets)
        return Fetched(response.code, _first(response.headers), body, url.href)


def redirected(fetched: Fetched, chain: Sequence[str]) -> str | None:
    """
    Where an answer sends us; None if it is the last one.

    @param chain: the URLs that led to the one that answered.
    @raise FetchError: in a ring, too often, or where we do not go.
    """
    url = URL(fetched.url)
    target = _target(url, fetched)
    if target is None:
        return None
    if target.href == url.href or target.href in chain:
        raise FetchError(f"{url.hostname} redirects in a ring")
    if len(chain) >= MAX_REDIRECTS:
        raise FetchError(f"{url.hostname} redirects more than {MAX_REDIRECTS} times")
    return target.href


def location(fetched: Fetched) -> str | None:
    """
    Where a redirect points to, as the server wrote it, maybe relative; None if the
    answer is none. UTF-8, which browsers read there, whatever RFC 9110 says.
    """
    written = fetched.headers.get("location")
    if fetched.status not in _REDIRECTS or written is None:
        return None
    try:
        return written.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return written


async def _body(response: IResponse, max_octets: int) -> bytes:
    """
    @raise RefusedError: it is compressed, which nobody asked for: a few octets could
        inflate to all.
    """
    codings = response.headers.getRawHeaders(b"content-encoding", [])
    if any(coding.strip().lower() != b"identity" for coding in codings):
        raise RefusedError("compressed content, which we did not ask for")
    received = bytearray()

    def collect(octets: bytes) -> None:
        if len(received) + len(octets) > max_octets:
            raise _TooLargeError
        received.extend(octets)

    await treq.collect(response, collect)
    return bytes(received)


class _TooLargeError(Exception):
    """The body is larger than the caller wants it."""


def _parse(url: str) -> URL:
    """
    As browsers read it, without user, password and fragment.

    @raise ForbiddenError: it is too long, or none that names a host.
    """
    if len(url) > MAX_URL:
        raise ForbiddenError(f"a URL of {len(url)} characters is not fetched")
    try:
        parsed = URL(url)
    except ValueError:
        raise ForbiddenError(f"{url[:80]!r} is not a URL") from None
    if parsed.protocol not in ("http:", "https:"):
        raise ForbiddenError(f"{parsed.protocol[:-1]} is neither http nor https")
    parsed.username = parsed.password = parsed.hash = ""
    return parsed


def _target(url: URL, fetched: Fetched) -> URL | None:
    """
    Where a redirect leads to; None if it is none.

    @raise ForbiddenError: from https to http, or to what is no web address.
    """
    written = location(fetched)
    if written is None:
        return None
    try:
        absolute = URL(written[: MAX_URL + 1], base=url.href).href
    except ValueError:
        raise ForbiddenError(f"{url.hostname} redirects to what is no URL") from None
    target = _parse(absolute)
    if url.protocol == "https:" and target.protocol != "https:":
        raise ForbiddenError(f"{url.hostname} redirects from https to http")
    return target


def _first(headers: Headers) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): values[0].decode("latin-1")
        for name, values in headers.getAllRawHeaders()
        if values
    }


_FAILURES = (
    ConnectError,
    ConnectionClosed,
    OSError,
    SSL.Error,
    VerificationError,
    RequestNotSent,
    RequestTransmissionFailed,
    ResponseFailed,
    ResponseNeverReceived,
    ValueError,
    _TooLargeError,
)


def _let_cancelling_through(error: BaseException) -> None:
    """Twisted wraps what ended a request, also when that was our own leaving."""
    for reason in getattr(error, "reasons", None) or ():
        if reason.check(CancelledError):
            raise CancelledError from error


def _sentence(error: BaseException) -> str:
    """What a peer did, for the operator."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return _sentence(reasons[0].value)
    if isinstance(error, SSL.Error):
        return f"does not speak TLS that we trust ({_openssl(error)})"
    return next(
        (words for kinds, words in _SENTENCES if isinstance(error, kinds)),
        "sent what is no HTTP answer",
    )


_SENTENCES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (_TooLargeError, "sent too much"),
    ((ConnectError, OSError), "cannot be reached"),
    (VerificationError, "shows the certificate of another host"),
    (ConnectionClosed, "broke off the connection"),
)


def _openssl(error: SSL.Error) -> str:
    stack = error.args[0] if error.args else ()
    return str(stack[-1][-1]) if stack else "no reason given"
