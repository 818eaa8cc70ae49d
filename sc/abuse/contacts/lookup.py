"""From hosts to addresses to abuse desks: many at once, within a bound.

What was found so far can be read at any time: whoever waits no longer takes that.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from attrs import define, field
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredSemaphore,
    FirstError,
    gatherResults,
)
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.abuse.complaints import MAX_HOSTS, Known, hosts_of
from sc.abuse.contacts.finder import ContactError
from sc.model.complaint import Contact, SenderItem
from sc.model.envelope import IPAddress
from sc.model.evidence import Evidence
from sc.model.report import Form
from sc.net.resolver import ResolveError, Resolver

MAX_IPS = 10
"""Addresses of one host whose desk is looked for; more are the same few networks."""

CONCURRENCY = 20
"""Lookups of one message at a time; hosts that hang hold up no other message."""

TIMEOUT = 60.0
"""Seconds for one lookup, waiting for a registry's rate included."""


class Finder(Protocol):
    """What `sc.abuse.contacts.finder.ContactFinder` does."""

    async def find(self, ip: IPAddress) -> Contact:
        """@raise ContactError: no contact, with a sentence that says why."""
        ...


@define(eq=False)
class Found:
    """
    What one lookup has found so far.

    @ivar forms: where the network of an address takes reports, if it wants no mail.
    @ivar problems: sentences: what cannot be found, and why.
    """

    addresses: dict[str, tuple[IPAddress, ...]] = field(factory=dict)
    contacts: dict[IPAddress, Contact] = field(factory=dict)
    forms: dict[IPAddress, str] = field(factory=dict)
    sender: SenderItem | None = None
    problems: dict[str, None] = field(factory=dict)
    _open: dict[str, bool] = field(factory=dict)

    @property
    def known(self) -> Known:
        return Known(dict(self.addresses), dict(self.contacts), self.sender)

    @property
    def forms_for(self) -> tuple[Form, ...]:
        """Each with the hosts that it is about."""
        return tuple(
            Form(ip, tuple(h for h, ips in self.addresses.items() if ip in ips), url)
            for ip, url in self.forms.items()
        )

    @property
    def pending(self) -> tuple[str, ...]:
        """What was asked for and has not been answered."""
        return tuple(what for what, is_open in self._open.items() if is_open)

    def ask(self, what: str) -> bool:
        """False if it has been asked for already."""
        if what in self._open:
            return False
        self._open[what] = True
        return True

    def end(self, what: str) -> None:
        self._open[what] = False


@define(eq=False)
class Lookup:
    _resolver: Resolver
    _finder: Finder
    _clock: IReactorTime
    _log: Logger = field(factory=Logger)

    async def run(self, evidence: Evidence, found: Found) -> None:
        """Fill `found`; returns when nothing more will come. Never fails."""
        room = DeferredSemaphore(CONCURRENCY)
        hosts = list(hosts_of(evidence))
        if len(hosts) > MAX_HOSTS:
            found.problems[f"{len(hosts)} hosts: only {MAX_HOSTS} were looked up"] = (
                None
            )
        relays = dict.fromkeys(relay.ip for relay in evidence.relays)
        work = [self._contact(ip, found, room) for ip in relays]
        work += [self._host(host, found, room) for host in hosts[:MAX_HOSTS]]
        await all_of(work)

    async def _host(self, host: str, found: Found, room: DeferredSemaphore) -> None:
        async def resolve() -> None:
            addresses = await self._resolver.addresses(host)
            found.addresses[host] = addresses[:MAX_IPS]

        await self._ask(f"the addresses of {host}", resolve, found, room)
        ips = found.addresses.get(host, ())
        await all_of([self._contact(ip, found, room) for ip in ips])

    async def _contact(
        self, ip: IPAddress, found: Found, room: DeferredSemaphore
    ) -> None:
        async def find() -> None:
            try:
                found.contacts[ip] = await self._finder.find(ip)
            except ContactError as e:
                if not e.form:
                    raise
                found.forms[ip] = e.form

        await self._ask(f"the contact for {ip}", find, found, room)

    async def _ask(
        self,
        what: str,
        work: Callable[[], Coroutine[Any, Any, None]],
        found: Found,
        room: DeferredSemaphore,
    ) -> None:
        """One lookup; that it failed is a fact like any other."""
        if not found.ask(what):
            return
        try:
            await room.run(self._bounded, work)
        except CancelledError:
            raise
        except (ResolveError, ContactError) as e:
            found.problems[str(e)] = None
        except DeadlineError:
            found.problems[f"{what} did not come within {TIMEOUT:.0f} s"] = None
        except Exception:  # noqa: BLE001 one lookup's bug must not lose the others
            self._log.failure("looking up {what} failed", what=what)
            found.problems[f"{what} cannot be told: internal error"] = None
        found.end(what)

    def _bounded(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> "Deferred[None]":
        return Deferred.fromCoroutine(work()).addTimeout(TIMEOUT, self._clock)


async def all_of(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """
    Return when each has ended.

    @raise CancelledError: the caller waits no longer; all of it ends.
    """
    running = [Deferred.fromCoroutine(one) for one in work]
    try:
        await gatherResults(running, consumeErrors=True)
    except FirstError as e:  # So Twisted wraps it when the whole is cancelled.
        raise (e.subFailure.value or e) from None
