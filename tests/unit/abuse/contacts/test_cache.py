"""Contacts in a shared cache: what is believed of it, and what outlives a reload."""

import json
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from sc.abuse.contacts.cache import ContactCache
from sc.abuse.contacts.memory import ContactMemory, realm
from sc.abuse.contacts.record import Known, dump, parse
from sc.abuse.contacts.settings import ContactSettings, SourceName
from sc.model.complaint import Contact
from sc.net.fetcher import FetchError
from sc.store.memory_cache import MemoryCache
from tests.contract.cache import NOW, V4, V6, known
from tests.fakes import rdap
from tests.fakes.contacts import DESK, IP, Site, Steady

CONTACT = cast(Contact, known(V4).contact)


def changed(**members: Any) -> bytes:
    return json.dumps({**json.loads(dump(known(V4))), **members}).encode()


def contact(**members: Any) -> dict[str, Any]:
    inner: dict[str, Any] = json.loads(dump(known(V4)))["contact"]
    return {**inner, **members}


@pytest.mark.parametrize(
    "record",
    [
        known(V4, V6),
        evolve(known(V4), contact=None, problem="it names no mailbox"),
        evolve(known(V6), contact=None, form="https://x.example/abuse"),
        evolve(known(V4), contact=evolve(CONTACT, network=None)),
    ],
)
def test_there_and_back(record: Known) -> None:
    """A record says what it said."""
    assert parse(dump(record), NOW) == record


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x04\x95",
        b"{}",
        b"[]",
        b"[" * 16_000,
        b"1" * 5000,
        changed(learnt=NOW + 301.0),
        changed(expires=NOW + 2_592_001.0),
        changed(learnt=float("nan")),
        changed(expires=float("inf")),
        changed(learnt="1"),
        changed(networks=[]),
        changed(networks=["0.0.0.0/0"]),
        changed(networks=["203.0.113.1/24"]),
        changed(networks=["203.0.113.0/24"] * 66),
        changed(networks="203.0.113.0/24"),
        changed(form="javascript:alert(1)"),
        changed(problem="a\nb"),
        changed(problem="x" * 1001),
        changed(more="x" * 33_000),
        changed(contact="abuse@x.example"),
        changed(contact=contact(address="abuse@x.example\r\nBcc: b@x.example")),
        changed(contact=contact(address=["abuse@x.example"])),
        changed(contact=contact(address="Abuse <abuse@x.example>")),
        changed(contact=contact(reason="\x1b[2J")),
        changed(contact=contact(alternatives=["a@x.example"] * 11)),
        changed(contact=contact(alternatives={"a@x.example": 1})),
        changed(contact=contact(network="the whole world")),
    ],
)
def test_not_ours(octets: bytes) -> None:
    """What we would not have written is not believed."""
    assert parse(octets, NOW) is None


def test_long_reason() -> None:
    """A reason that grew too long is cut, so that it can be read again."""
    long = evolve(CONTACT, reason="x" * 5000)
    found = parse(dump(evolve(known(V4), contact=long)), NOW)
    assert found is not None
    assert found.contact is not None
    assert len(found.contact.reason) == 1000


async def test_rubbish_is_told_once() -> None:
    """Others write to the cache: sc asks for itself, and says so once."""
    told: list[LogEvent] = []
    observer = cast(ILogObserver, told.append)
    globalLogPublisher.addObserver(observer)
    cache = Poisoned(Clock())
    site = Site({n: rdap.apnic(n, DESK) for n in TWO}, cache=cache)
    assert (await site.find("203.0.113.1")).address == DESK
    assert (await site.find("203.0.114.1")).address == DESK
    globalLogPublisher.removeObserver(observer)
    assert len([e for e in told if "did not write" in e["log_format"]]) == 1


TWO = ["203.0.113.0/24", "203.0.114.0/24"]


class Poisoned(MemoryCache):
    """Answers everything with a contact of another network."""

    async def get_many(self, keys: Any) -> Any:
        return {key: dump(known(V6, desk="evil@x.example")) for key in keys}


async def test_what_cannot_be_read_again() -> None:
    """A text of a registry that we would not believe of others is not shared."""
    cache = MemoryCache(Clock())
    bent = evolve(known(V4), contact=evolve(CONTACT, reason="\x1b[2J"))
    await ContactCache(9, cache, "r").put(bent, 60.0)
    assert cache.held == 0
    await ContactCache(9, cache, "r").put(known(V4), 60.0)
    assert cache.held == 1


async def test_second_node() -> None:
    """A node that shares the cache asks nobody; in a registry's trouble neither."""
    cache = MemoryCache(Clock())
    first, second = Site(cache=cache), Site(cache=cache, ttl=3600.0)
    assert await first.find() == await second.find("203.0.113.7")
    assert (first.asked, second.asked) == (1, 0)


async def test_stale_from_the_cache() -> None:
    """A node that has just started uses an old answer while the registry is down."""
    cache = MemoryCache(Clock())
    await Site(cache=cache, ttl=3600.0).find()
    site = Site(cache=cache)
    site.clock.advance(7200.0)
    site.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    assert "(learnt 2 h ago; now " in (await site.find()).reason
    third = Site(cache=cache)
    third.clock.advance(7200.0)
    assert "learnt" not in (await third.find()).reason, "the excuse was shared"


async def test_newer_answer_of_another_node() -> None:
    """What is old here and has been asked again elsewhere is not asked for here."""
    cache = MemoryCache(Clock())
    one, two = Site(cache=cache, ttl=100.0), Site(cache=cache, ttl=100.0)
    for site in (one, two):
        await site.find()
        site.clock.advance(101.0)
    await one.find()
    await two.find()
    assert (one.asked, two.asked) == (2, 0)


async def test_reload_keeps_contacts_and_standings() -> None:
    """New settings lose nothing, unless they name other sources."""
    settings = ContactSettings(sources=(SourceName.RDAP,))
    memory = ContactMemory(settings, MemoryCache(Clock()), Clock(), Steady())
    await memory.known.put(known(V4), 60.0)
    standing, kept = memory.standings.of("apnic"), memory.known
    standing.later("answers HTTP 429", 60.0)
    memory.adopt(evolve(settings, rate=7.0, burst=1, cache_size=5))
    assert memory.known is kept
    assert kept.size == 5
    assert memory.standings.of("apnic") is standing
    with pytest.raises(Exception, match="apnic is not asked for another 60 s"):
        async with standing.turn():
            pass
    memory.adopt(evolve(settings, sources=(SourceName.ABUSIX,)))
    assert memory.known.fresh(IP, NOW) is None


async def test_reload_changes_the_pace() -> None:
    """A rate counts at once, also for servers that were asked before."""
    clock = Clock()
    settings = ContactSettings(burst=1, max_wait=0.0)
    memory = ContactMemory(settings, MemoryCache(clock), clock, Steady())
    standing = memory.standings.of("apnic")
    async with standing.turn():
        pass
    memory.adopt(evolve(settings, burst=2))
    for _ in range(2):
        async with standing.turn():
            pass
    with pytest.raises(Exception, match="too many lookups"):
        async with standing.turn():
            pass


def test_realm() -> None:
    """Whoever asks others, elsewhere, has a realm of its own; a pace makes none."""
    plain = ContactSettings()
    assert realm(evolve(plain, rate=9.0, timeout=1.0)) == realm(plain)
    for other in (
        evolve(plain, sources=(SourceName.RDAP,)),
        evolve(plain, rdap_bases={"*": "http://x/"}),
        evolve(plain, whois_servers={"*": "x"}),
    ):
        assert realm(other) != realm(plain)
