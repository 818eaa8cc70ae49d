"""Ask the HTTP servers of registries as a good client: few at once, slowly, and not
while they are down; a redirect is charged to the registry that it leads to."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from ada_url import URL
from attrs import frozen
from twisted.internet.defer import CancelledError

from sc.abuse.contacts.bootstrap import REGISTRIES
from sc.abuse.contacts.pace import LONGEST_PAUSE, Standing, Standings
from sc.abuse.contacts.sources.source import SourceError
from sc.net.fetcher import Fetched, FetchError, ForbiddenError, Hops, redirected

RDAP_TYPES = "application/rdap+json, application/json;q=0.9"
MAX_ANSWER = 1024 * 1024
"""LACNIC answers 98 KB for a /17 with its reverse delegations."""

_MAY_REDIRECT = {301, 302, 303, 307, 308}


@frozen
class Told:
    """
    @ivar server: the registry that answered in the end, or its host.
    @ivar fetched: of status 200 or 404.
    """

    server: str
    fetched: Fetched


class Registries:
    """All HTTP servers that are asked for contacts, each with its own standing."""

    def __init__(self, hops: Hops, standings: Standings) -> None:
        self._hops = hops
        self.standings = standings

    async def get(self, url: str, name: str, accept: str = RDAP_TYPES) -> Told:
        """
        An answer of status 200 or 404, after at most five redirects.

        @param name: of the registry at `url`; one that redirects names the next.
        @raise SourceError: none came, or we are not to ask now.
        """
        chain: tuple[str, ...] = ()
        while True:
            standing = self.standings.of(name)
            fetched = await self._hop(standing, url, accept)
            target = _next(fetched, chain)
            if target is None:
                break
            if URL(target).host != URL(fetched.url).host:
                host = URL(target).hostname
                name = REGISTRIES.get(host, host)
            chain, url = (*chain, fetched.url), target
        if fetched.status not in (200, 404):
            raise SourceError(f"{name} answers HTTP {fetched.status}")
        return Told(name, fetched)

    async def _hop(self, standing: Standing, url: str, accept: str) -> Fetched:
        async with standing.turn():
            try:
                fetched = await self._hops.get_once(url, accept, MAX_ANSWER)
            except CancelledError:
                raise
            except ForbiddenError as e:  # Of one address; no sign of illness.
                raise SourceError(str(e)) from None
            except FetchError as e:
                standing.ill(str(e))
                raise SourceError(str(e)) from None
        _judge(standing, fetched)
        return fetched


def _judge(standing: Standing, fetched: Fetched) -> None:
    status = fetched.status
    if status in (200, 404) or status in _MAY_REDIRECT:
        standing.well()
        return
    problem = f"{standing.name} answers HTTP {status}"
    if status in (429, 503):
        standing.later(problem, retry_after(fetched.headers))
    elif status >= 500:
        standing.ill(problem)
    raise SourceError(problem)


def _next(fetched: Fetched, chain: tuple[str, ...]) -> str | None:
    try:
        return redirected(fetched, chain)
    except FetchError as e:
        raise SourceError(str(e)) from None


def retry_after(headers: dict[str, str]) -> float | None:
    """
    Seconds, from either form of Retry-After (RFC 9110 10.2.3), an hour at most.

    A date counts from the answer's own Date, so that our clock does not matter.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST_PAUSE)
    then, now = _date(text), _date(headers.get("date", ""))
    if then is None or now is None:
        return None
    return min(max((then - now).total_seconds(), 0.0), LONGEST_PAUSE)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text[:64])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else None
