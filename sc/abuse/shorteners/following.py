"""Short links of a message: the host that they lead to is complained about.

The link becomes the one that a reader ends at; those that led there are its chain.
What cannot be followed stays as it is, and a warning says why.
"""

import re
from collections.abc import Callable, Iterator

from attrs import Attribute, define, evolve, field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.contacts.lookup import Found, all_of
from sc.abuse.reports.letter import printable
from sc.abuse.reports.recipients import read_recipients
from sc.abuse.shorteners.expansion import Expanded, Expander, ExpandError
from sc.abuse.shorteners.personal import Personal
from sc.content.links import NEVER
from sc.content.shorteners import KNOWN, is_short
from sc.content.urls import Url, under
from sc.model.evidence import Evidence, Link, Role
from sc.model.message import Message
from sc.offload import Offload

MAX_LINKS = 20
"""Short links of one message that are followed."""

CONCURRENCY = 5
"""Of one message at a time; shorteners that hang hold up no other message."""

TIMEOUT = 4.0
"""Seconds for all short links of a message; half of `abuse_report.wait` at most."""

_HOST = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z0-9-]{2,63}\.?")


@frozen
class ShortenerSettings:
    """
    What is done with links of the shorteners in `url_shorteners_to_follow`.

    @ivar follow_personal: also follow what holds a recipient or an opaque token; its
        sender learns then that the address is read.
    @ivar report_both: the shortener's own desk is told as well as that of the host
        that it leads to.
    """

    follow_personal: bool = False
    report_both: bool = False


def are_hosts(
    _: object, __: "Attribute[tuple[str, ...]]", value: tuple[str, ...] | None
) -> None:
    """@raise ValueError: one of them is no name of a host."""
    for host in value or ():
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is not a host such as bit.ly")


def hosts_to_follow(configured: tuple[str, ...] | None) -> frozenset[str]:
    """None: those that we know; none of them: nobody; else these and ours."""
    if configured is None:
        return KNOWN
    own = frozenset(host.lower().rstrip(".") for host in configured)
    return own | KNOWN if own else own


@define(eq=False)
class Shorteners:
    _expander: Expander
    _settings: ShortenerSettings
    _offload: Offload
    _clock: IReactorTime
    _log: Logger = field(factory=Logger)

    async def follow(
        self, message: Message, evidence: Evidence, found: Found, wait: float
    ) -> Evidence:
        """
        The evidence with each short link replaced by where it leads; `found` gets
        what could not be followed. Fails only if it is cancelled.

        @param wait: seconds that the whole report has.
        """
        short = self._short(evidence)
        if not short:
            return evidence
        if len(short) > MAX_LINKS:
            only = f"{len(short)} short links: only {MAX_LINKS} were followed"
            found.problems[only] = None
        timeout = min(TIMEOUT, wait / 2)
        trip = _Trip(
            objection=await self._offload(len(message.content), self._reader, message),
            found=found,
            timeout=timeout,
            ends=self._clock.seconds() + timeout,
        )
        await all_of([self._expand(url, trip) for url in short[:MAX_LINKS]])
        never = evidence.ignored | NEVER
        links = (told for x in evidence.links for told in self._told(x, never, trip))
        return evolve(evidence, links=tuple(dict.fromkeys(links)))

    def _short(self, evidence: Evidence) -> list[Url]:
        """
        Those that somebody would click; an unsubscribe link does something when it is
        opened, and nobody is written to about an image.
        """
        urls = (
            Url(link.url, link.host)
            for link in evidence.links
            if link.role is Role.NAVIGATES
        )
        return [url for url in urls if is_short(url, self._expander.hosts)]

    def _reader(self, message: Message) -> Callable[[str], str]:
        """Says why a URL must not be asked for."""
        if self._settings.follow_personal:
            return lambda _url: ""
        recipients = read_recipients(message.content, message.envelope.recipients)
        bare = (message.content[start:end] for start, end in recipients.bare)
        return Personal(recipients, bare).problem

    async def _expand(self, url: Url, trip: "_Trip") -> None:
        shown = printable(url.href, 100)
        what = f"where {shown} leads"
        trip.found.ask(what)
        try:
            trip.led[url.href] = await trip.room.run(self._bounded, url, trip)
        except CancelledError:
            raise
        except ExpandError as e:
            trip.found.problems[f"{shown} is not followed: {e}"] = None
        except DeadlineError:
            late = f"{what} did not come within {trip.timeout:g} s"
            trip.found.problems[late] = None
        except Exception:  # noqa: BLE001 one link's bug must not lose the others
            self._log.failure("following {url} failed", url=shown)
            trip.found.problems[f"{what} cannot be told: internal error"] = None
        trip.found.end(what)

    def _bounded(self, url: Url, trip: "_Trip") -> "Deferred[Expanded]":
        left = trip.ends - self._clock.seconds()
        if left <= 0:
            raise DeadlineError
        work = Deferred.fromCoroutine(self._expander.expand(url, trip.objection))
        return work.addTimeout(left, self._clock)

    def _told(self, link: Link, never: frozenset[str], trip: "_Trip") -> Iterator[Link]:
        """What takes the place of a link."""
        led = trip.led.get(link.url) if link.role is Role.NAVIGATES else None
        if led is None or self._settings.report_both:
            yield link
        if led is None:
            return
        if under(led.url.host, never):
            ignored = (
                f"{printable(link.url, 100)} leads to {led.url.host}: not reported"
            )
            trip.found.problems[ignored] = None
            return
        chain = link.chain + led.chain
        yield evolve(link, url=led.url.href, host=led.url.host, chain=chain)


@frozen
class _Trip:
    """
    All short links of one message.

    @ivar led: where those lead that were followed, by URL.
    """

    objection: Callable[[str], str]
    found: Found
    timeout: float
    ends: float
    room: DeferredSemaphore = field(factory=lambda: DeferredSemaphore(CONCURRENCY))
    led: dict[str, Expanded] = field(factory=dict)
