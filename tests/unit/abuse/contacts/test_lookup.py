"""sc.abuse.contacts.lookup: what can be found is found, what cannot is told."""

from ipaddress import ip_address
from typing import cast

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, Logger

from sc.abuse.complaints import MAX_HOSTS
from sc.abuse.contacts.finder import ContactError
from sc.abuse.contacts.lookup import CONCURRENCY, MAX_IPS, TIMEOUT, Found, Lookup
from sc.model.complaint import Contact
from sc.model.envelope import IPAddress
from sc.model.evidence import Evidence, Role
from sc.model.report import Form
from sc.net.resolver import ResolveFailedError
from tests.fakes.abuse import StubFinder, StubResolver, contact, link, relay

ZONE = {"shop.example": ("198.51.100.1",), "cdn.example": ("192.0.2.9", "192.0.2.7")}
DESKS = {"192.0.2.7": "abuse@net.example", "198.51.100.1": "abuse@hosting.example"}


def parts(
    zone: dict[str, tuple[str, ...]] = ZONE,
) -> tuple[Lookup, StubResolver, StubFinder, Clock]:
    resolver, finder, clock = StubResolver(zone), StubFinder(dict(DESKS)), Clock()
    return Lookup(resolver, finder, clock), resolver, finder, clock


async def test_found() -> None:
    """Relay and hosts are looked up; each address is asked for once."""
    lookup, _, finder, clock = parts()
    found = Found()
    evidence = Evidence("f", (relay(),), (link(), link("cdn.example"), link(n=2)))
    await lookup.run(evidence, found)
    assert finder.asked == ["192.0.2.7", "198.51.100.1", "192.0.2.9"]
    known = found.known
    assert known.addresses["shop.example"] == (ip_address("198.51.100.1"),)
    assert known.contacts[ip_address("192.0.2.7")] == contact("abuse@net.example")
    assert list(found.problems) == ["no contact for 192.0.2.9: the registry names none"]
    assert found.pending == ()
    assert clock.getDelayedCalls() == []


async def test_not_found() -> None:
    """A host without an address is told, and the others are found."""
    lookup, *_ = parts()
    found = Found()
    await lookup.run(Evidence("f", links=(link("gone.example"), link())), found)
    assert list(found.problems) == ["gone.example has no address"]
    assert len(found.contacts) == 1


async def test_form() -> None:
    """A network that takes reports by a page only is a result, and no problem."""
    url = "https://net.example/abuse"

    class Forms(StubFinder):
        async def find(self, ip: IPAddress) -> Contact:
            raise ContactError(f"{ip}: reports are taken at {url}", url)

    resolver = StubResolver({"a.example": ("192.0.2.1",), "b.example": ("192.0.2.1",)})
    links = (link("a.example"), link("b.example"))
    found = Found()
    evidence = Evidence("f", relays=(relay("192.0.2.7"),), links=links)
    await Lookup(resolver, Forms({}), Clock()).run(evidence, found)
    assert not found.problems
    assert not found.contacts
    assert set(found.forms_for) == {
        Form(ip_address("192.0.2.7"), (), url),
        Form(ip_address("192.0.2.1"), ("a.example", "b.example"), url),
    }


async def test_host_that_is_an_address() -> None:
    """A link to the relay's own address is looked up like any other."""
    lookup, resolver, *_ = parts({"192.0.2.7": ("192.0.2.7",)})
    found = Found()
    await lookup.run(Evidence("f", (relay(),), (link("192.0.2.7"),)), found)
    assert resolver.asked == ["192.0.2.7"]
    assert list(found.addresses) == ["192.0.2.7"]


async def test_hanging() -> None:
    """A lookup that never ends is given up after a minute, the others go on."""
    lookup, resolver, finder, clock = parts()
    resolver.hanging.add("cdn.example")
    finder.hanging["192.0.2.7"] = Deferred()
    found = Found()
    evidence = Evidence("f", (relay(),), (link("cdn.example"), link()))
    work = Deferred.fromCoroutine(lookup.run(evidence, found))
    assert len(found.contacts) == 1
    waiting = ("the contact for 192.0.2.7", "the addresses of cdn.example")
    assert found.pending == waiting
    clock.advance(TIMEOUT)
    await work
    assert list(found.problems) == [f"{w} did not come within 60 s" for w in waiting]


async def test_many_hosts() -> None:
    """At most 100 hosts are looked up, 20 at a time, ten addresses each."""
    hosts = [f"h{n}.example" for n in range(MAX_HOSTS + 50)]
    ips = tuple(f"198.51.100.{n}" for n in range(MAX_IPS + 5))
    lookup, resolver, finder, clock = parts(dict.fromkeys(hosts, ips))
    resolver.hanging.update(hosts[1:])
    found = Found()
    links = (link("img.example", Role.RESOURCE), *map(link, hosts))
    work = Deferred.fromCoroutine(lookup.run(Evidence("f", links=links), found))
    assert len(resolver.asked) <= CONCURRENCY + 1
    while not work.called:
        clock.advance(TIMEOUT)
    await work
    assert resolver.asked == hosts[:MAX_HOSTS]
    assert len(finder.asked) == MAX_IPS
    assert "151 hosts: only 100 were looked up" in found.problems


async def test_cancelled() -> None:
    """Who waits no longer stops everything, and keeps what was found."""
    lookup, resolver, _, clock = parts()
    resolver.hanging.update(f"h{n}.example" for n in range(CONCURRENCY + 2))
    found = Found()
    hosts = ("shop.example", *sorted(resolver.hanging))
    work = Deferred.fromCoroutine(
        lookup.run(Evidence("f", links=tuple(map(link, hosts))), found)
    )
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    assert len(found.contacts) == 1
    assert len(found.pending) == CONCURRENCY + 2
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("error", [ResolveFailedError("no server"), ValueError("bug")])
async def test_failing(error: Exception) -> None:
    """Whatever one lookup does, the others are not lost; a bug is logged."""
    events: list[LogEvent] = []
    resolver, finder = StubResolver(ZONE), StubFinder(dict(DESKS), error=error)
    log = Logger(observer=cast(ILogObserver, events.append))
    found = Found()
    lookup = Lookup(resolver, finder, Clock(), log)
    await lookup.run(Evidence("f", (relay(),), (link(),)), found)
    assert found.contacts == {}
    assert found.pending == ()
    bug = isinstance(error, ValueError)
    assert len(events) == (2 if bug else 0)
    assert ("no server" in found.problems) is not bug
