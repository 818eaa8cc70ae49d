"""Contacts: which registry is asked, how often, and what is told when it fails."""

import json
from collections.abc import Callable
from ipaddress import ip_network
from typing import cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock

from sc.abuse.contacts.bootstrap import Bootstrap
from sc.abuse.contacts.build import Outside, build_finder
from sc.abuse.contacts.finder import ContactError, ContactFinder, ContactSettings
from sc.abuse.contacts.settings import SourceName
from sc.model.complaint import Contact
from sc.net.fetcher import FetchError, FetcherSettings, ForbiddenError, GuardedFetcher
from sc.net.resolver import Destinations
from sc.store.memory_cache import MemoryCache
from tests.fakes import rdap
from tests.fakes.contacts import (
    DESK,
    IP,
    NET,
    RDAP_ONLY,
    FakeNames,
    FakeWhois,
    Site,
    Steady,
)
from tests.fakes.faults import Fault
from tests.fakes.rdap import TYPE, Object, entity, network, remark, serving_rdap
from tests.fakes.web import http
from tests.unit.net.test_fetcher import Names

REACTOR = cast(IReactorTime, reactor)


async def test_found() -> None:
    """The desk of a network, where it was learnt, and who else could be asked."""
    site = Site()
    assert await site.find() == Contact(
        DESK,
        "rdap",
        "a contact whose only role is abuse (apnic, IRT-X-AP)",
        ip_network("203.0.113.0/24"),
        ("help@owner.example", "tech@owner.example"),
    )
    assert site.registry.urls == ["https://rdap.apnic.net/ip/203.0.113.80"]


async def test_arin_inner_contact() -> None:
    """ARIN's outer contact is the NOC; the desk is inside the registrant."""
    inner = entity("I", ["abuse"], "in@x.example")
    owner = entity("O", ["abuse"], "out@x.example", entities=[inner])
    site = Site({"198.51.100.0/24": network("198.51.100.0/24", owner)})
    assert (await site.find("198.51.100.7")).address == "in@x.example"


async def test_override() -> None:
    """The operator's word comes first, the smallest network before the others."""
    overrides = {"203.0.0.0/8": "a@x.example", "203.0.113.80": "b@x.example"}
    site = Site(overrides=overrides)
    found = await site.find()
    assert (found.address, found.source) == ("b@x.example", "override")
    assert (await site.find("::ffff:203.1.1.1")).address == "a@x.example"
    assert site.asked == 0


async def test_known_network() -> None:
    """Every address of a network that is known is answered without asking."""
    site = Site(ttl=100.0)
    first = await site.find()
    assert await site.find("203.0.113.7") == first
    assert site.asked == 1
    site.clock.advance(101.0)
    await site.find("203.0.113.7")
    assert site.asked == 2


async def test_one_lookup_a_network() -> None:
    """A thousand addresses of fifty networks cause fifty lookups."""
    nets = [f"203.0.{n}.0/24" for n in range(50)]
    site = Site({n: rdap.apnic(n, DESK) for n in nets}, rate=1e4, burst=1000)
    site.registry.seconds = 0.2
    found = [
        site.begin(f"203.0.{n}.{host}") for host in range(1, 21) for n in range(50)
    ]
    site.clock.pump([0.2] * 60)
    assert all([(await work).address == DESK for work in found])
    assert site.asked == 50


async def test_two_at_a_time() -> None:
    """No more than two questions are open at one registry."""
    nets = [f"{n}.0.0.0/24" for n in (58, 59, 60, 61)]
    site = Site({n: rdap.apnic(n, DESK) for n in nets})
    site.registry.seconds = 0.2
    found = [site.begin(f"{n}.0.0.1") for n in (58, 59, 60, 61)]
    site.clock.pump([0.2] * 3)
    assert [(await work).address for work in found] == [DESK] * 4
    assert site.registry.most == 2


async def test_rate() -> None:
    """After the burst, lookups keep the pace; what would wait too long is told."""
    nets = {f"{n}.0.0.0/24": rdap.apnic(f"{n}.0.0.0/24", DESK) for n in (58, 59, 60)}
    site = Site(nets, rate=0.1, burst=1, max_wait=10.0)
    await site.find("58.0.0.1")
    second, third = site.begin("59.0.0.1"), site.begin("60.0.0.1")
    with pytest.raises(ContactError, match=r"60\.0\.0\.1: too many lookups"):
        await third
    assert site.asked == 1
    site.clock.advance(10.0)
    assert (await second).address == DESK


async def test_deadline() -> None:
    """Nobody waits longer than the settings say."""
    site = Site(timeout=3.0)
    site.registry.seconds = 5.0
    work = site.begin()
    site.clock.advance(3.0)
    with pytest.raises(
        ContactError, match=r"no contact for 203\.0\.113\.80 within 3 s"
    ):
        await work
    assert site.registry.at_once == 0


async def test_leaving() -> None:
    """One who leaves does not take the answer from the others."""
    site = Site()
    site.registry.seconds = 0.2
    first, second = site.begin(), site.begin()
    first.cancel()
    with pytest.raises(CancelledError):
        await first
    site.clock.advance(0.2)
    assert (await second).address == DESK
    assert site.asked == 1


async def test_leaving_while_waiting_for_a_turn() -> None:
    """One who leaves before the question was sent leaves nothing behind."""
    site = Site({}, rate=0.1, burst=1)
    await site.problem("58.0.0.1")
    work = site.begin("59.0.0.1")
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    assert site.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("ip", "problem"),
    [
        ("10.0.0.1", "it is no address of the public internet"),
        ("203.0.112.1", "apnic knows no network with it"),
        ("198.51.100.7", "arin names only a registry's own mailbox"),
        ("200.160.0.8", "lacnic names no mailbox for its network"),
        ("196.0.0.1", "afrinic answers for another network"),
        ("2.0.0.1", "ripe answers 'text/html', which is not RDAP"),
        ("5.0.0.1", "ripe answers 'no type', which is not RDAP"),
        ("31.0.0.1", "the answer is not JSON"),
        ("37.0.0.1", "ripe answers HTTP 400"),
    ],
)
async def test_none(ip: str, problem: str) -> None:
    """What is missing is said in a sentence that names the address."""
    junk = {"Content-Type": TYPE}
    answers: dict[str, Object | bytes] = {
        "198.51.100.0/24": rdap.arin("198.51.100.0/24", "abuse@arin.net"),
        "200.160.0.0/20": rdap.registro_br("200.160.0.0/20"),
        "196.0.0.0/24": rdap.afrinic("197.0.0.0/24", DESK),
        "2.0.0.0/24": http(200, b"<html>", {"Content-Type": "text/html; charset=x"}),
        "5.0.0.0/24": http(200, b"{}"),
        "31.0.0.0/24": http(200, b"not JSON", junk),
        "37.0.0.0/24": http(400, b""),
    }
    site = Site(answers, burst=20)
    assert await site.problem(ip) == f"no contact for {ip}: {problem}"


async def test_no_registry() -> None:
    """Of addresses that no list names, none is asked."""
    site = Site()
    site.bootstrap.replace([])
    assert "no registry gives out such addresses" in await site.problem()
    assert site.asked == 0


async def test_form() -> None:
    """A network that wants a web form tells where it is."""
    text = remark("report abuse at https://x.example/abuse")
    site = Site({"203.0.113.0/24": network("203.0.113.0/24", remarks=text)})
    told = "203.0.113.80: reports are taken at https://x.example/abuse"
    with pytest.raises(ContactError, match=told) as caught:
        await site.find()
    assert caught.value.form == "https://x.example/abuse"


async def test_none_is_remembered() -> None:
    """What a registry does not know is not asked for again for a while."""
    site = Site({}, negative_ttl=600.0)
    await site.problem()
    site.clock.advance(599.0)
    await site.problem("203.0.113.1")
    assert site.asked == 1
    site.clock.advance(2.0)
    await site.problem()
    assert site.asked == 2


async def test_stale() -> None:
    """While a registry is down, what it said before is still used, and says so."""
    site = Site(ttl=3600.0, failure_ttl=60.0, stale=86_400.0)
    fresh = await site.find()
    site.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    site.clock.advance(7200.0)
    stale = await site.find()
    assert stale.address == fresh.address
    told = "(learnt 2 h ago; now rdap.apnic.net cannot be reached)"
    assert stale.reason == f"{fresh.reason} {told}"
    assert await site.find("203.0.113.1") == stale
    assert site.asked == 2
    site.clock.advance(3600.0)
    assert (await site.find()).reason == stale.reason.replace("2 h", "3 h")
    site.clock.advance(86_400.0)
    assert "cannot be reached" in await site.problem()


async def test_stale_behind_a_failure() -> None:
    """An address that failed before still finds what was known of its network."""
    big = rdap.apnic("203.0.112.0/20", DESK)
    site = Site({"203.0.112.0/20": http(500)}, ttl=100.0, failure_ttl=10.0)
    await site.problem()
    site.registry.answers = {"203.0.112.0/20": big}
    await site.find("203.0.112.1")
    site.clock.advance(101.0)
    site.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    assert (await site.find()).address == DESK


async def test_failure_is_tried_again_soon() -> None:
    """A lookup that failed is repeated after a minute, not after a day."""
    site = Site(failure_ttl=60.0)
    site.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    await site.problem()
    site.registry.broken = None
    assert "cannot be reached" in await site.problem()
    site.clock.advance(61.0)
    assert (await site.find()).address == DESK


async def test_registry_that_is_down_is_left_alone() -> None:
    """After three failures in a row a registry has a pause, then a longer one."""
    site = Site(burst=20)
    site.registry.broken = FetchError("rdap.apnic.net cannot be reached")
    for n in (58, 59, 60):
        await site.problem(f"{n}.0.0.1")
    assert "apnic is not asked for another 60 s" in await site.problem("61.0.0.1")
    assert site.asked == 3
    site.clock.advance(61.0)
    await site.problem("110.0.0.1")
    assert "for another 120 s" in await site.problem("111.0.0.1")
    assert "198.51.100.7: rdap.apnic.net" in await site.problem("198.51.100.7")
    site.clock.advance(121.0)
    site.registry.broken = None
    assert (await site.find()).address == DESK


async def test_pause_and_a_clock_that_is_set_back() -> None:
    """A pause that would last longer than it was meant to is over."""
    site = Site({"203.0.113.0/24": http(429, b"", {"Retry-After": "60"})})
    site.clock.advance(100.0)
    await site.problem()
    site.clock.rightNow -= 5.0
    await site.problem("58.0.0.1")
    assert site.asked == 2


async def test_redirect_inside_is_no_illness() -> None:
    """An answer that leads where we do not go says nothing about the others."""
    site = Site(burst=20)
    site.registry.broken = ForbiddenError("127.0.0.1 is not fetched from: not public")
    for n in (58, 59, 60, 61):
        assert "127.0.0.1 is not fetched from" in await site.problem(f"{n}.0.0.1")
    assert site.asked == 4


DATE = "Sat, 21 Nov 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Sat, 21 Nov 2026 00:00:07 GMT", "Date": DATE}, 7),
        ({"Retry-After": "Sat, 21 Nov 2026 00:00:07 GMT"}, 60),
        ({"Retry-After": "soon", "Date": DATE}, 60),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "Sat, 21 Nov 2099 00:00:07 GMT", "Date": DATE}, 3600),
        ({}, 60),
    ],
)
async def test_too_many_requests(headers: dict[str, str], seconds: int) -> None:
    """A registry that says "later" is left alone for as long as it says."""
    site = Site({"203.0.113.0/24": http(429, b"", headers)})
    assert "apnic answers HTTP 429" in await site.problem()
    left = f"not asked for another {seconds} s"
    assert left in await site.problem("58.0.0.1")
    site.clock.advance(seconds + 1)
    await site.problem("59.0.0.1")
    assert site.asked == 2


async def test_server_errors_count() -> None:
    """A registry that answers 500 again and again is down."""
    site = Site({"0.0.0.0/0": http(500)}, burst=20)
    for n in (58, 59, 60):
        await site.problem(f"{n}.0.0.1")
    assert "not asked for another" in await site.problem("61.0.0.1")


def left_out(link: str, *others: Object) -> Object:
    bare = {"roles": ["abuse"], "links": [{"rel": "self", "href": link}]}
    return network("203.0.113.0/24", bare, *others)


async def test_left_out_contact() -> None:
    """An abuse contact that is only named is asked for at the same server."""
    answer = left_out(
        "https://rdap.apnic.net/entity/A", entity("T", ["technical"], "t@x.example")
    )
    site = Site({"203.0.113.0/24": answer})
    site.registry.paths["/entity/A"] = entity("A", ["abuse"], DESK)
    found = await site.find()
    assert (found.address, found.alternatives) == (DESK, ("t@x.example",))


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("https://evil.example/entity/A", 1),
        ("nonsense", 1),
        ("https://rdap.apnic.net/entity/B", 2),
        ("https://rdap.apnic.net/entity/NET", 2),
    ],
)
async def test_left_out_contact_that_is_not_there(link: str, asked: int) -> None:
    """Without it the rest of the answer stands, and no other server is asked."""
    site = Site({"203.0.113.0/24": left_out(link, entity("T", ["noc"], "t@x.example"))})
    site.registry.paths["/entity/NET"] = network("203.0.113.0/24")
    assert (await site.find()).address == "t@x.example"
    assert site.asked == asked


class Forgetful(MemoryCache):
    """A cache that is down."""

    async def get_many(self, keys: object) -> dict[str, bytes]:
        return {}


async def test_small_cache() -> None:
    """Of our own table, the network used least recently is forgotten first."""
    nets = {f"203.0.{n}.0/24": rdap.apnic(f"203.0.{n}.0/24", DESK) for n in (1, 2, 3)}
    site = Site(nets, cache=Forgetful(Clock()), cache_size=2)
    for n in (1, 2, 1, 3, 1):
        await site.find(f"203.0.{n}.1")
    assert site.asked == 3
    await site.find("203.0.2.1")
    assert site.asked == 4


async def test_larger_network_does_not_answer_for_a_smaller_one() -> None:
    """An old contact is asked for again, though a larger network around it is known."""
    big, small = "203.0.0.0/16", "203.0.113.0/24"
    site = Site({big: rdap.apnic(big, "big@x.example"), small: NET}, ttl=100.0)
    await site.find()
    site.clock.advance(60.0)
    await site.find("203.0.1.1")
    site.clock.advance(60.0)
    assert (await site.find()).address == DESK


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (
            lambda: ContactSettings(overrides={"x": DESK}),
            "'x' is not an address or network, AS",
        ),
        (lambda: ContactSettings(overrides={"192.0.2.1": "x"}), "'x' is not a mail"),
        (lambda: ContactSettings(rdap_bases={"x": "http://x/"}), "'x' is none of"),
        (lambda: ContactSettings(rdap_bases={"*": "x"}), "'x' is not an http or"),
        (lambda: ContactSettings(rate=0.0), "rate"),
        (lambda: ContactSettings(sources=(SourceName.RDAP,) * 2), "is listed twice"),
        (lambda: ContactSettings(arin_base="https://x"), "does not end in a slash"),
        (lambda: ContactSettings(ripestat_base="x/"), "'x/' is not an http or"),
        (lambda: ContactSettings(abusix_zone="a..b"), "'a..b' is not a DNS zone"),
        (lambda: ContactSettings(whois_servers={"x": "w"}), "'x' is none of"),
        (lambda: ContactSettings(whois_servers={"*": "w w"}), "is not a server"),
    ],
)
def test_settings(make: Callable[[], ContactSettings], problem: str) -> None:
    """A wrong setting is refused with what is wrong."""
    with pytest.raises(ValueError, match=problem):
        make()


def real(base: str, destinations: Destinations = Destinations.ANY) -> ContactFinder:
    settings = FetcherSettings(destinations, timeout=0.5)
    outside = Outside(
        hops=GuardedFetcher(REACTOR, Names({}), settings),
        resolver=FakeNames(),
        whois=FakeWhois(),
        clock=REACTOR,
        random=Steady(),
        bootstrap=Bootstrap.shipped(),
    )
    chosen = ContactSettings(sources=RDAP_ONLY, rdap_bases={"*": base})
    return build_finder(chosen, outside)


@pytest.mark.parametrize("shape", list(rdap.SHAPES))
async def test_real_server(shape: str) -> None:
    """Over HTTP, each registry's answer gives its desk."""
    answers = {"203.0.113.0/24": rdap.SHAPES[shape]("203.0.113.0/24", DESK)}
    async with serving_rdap(answers) as web:
        assert (await real(web.base).find(IP)).address == DESK


@pytest.mark.parametrize("fault", list(Fault))
async def test_fault(fault: Fault) -> None:
    """Whatever a registry does, the answer is a sentence about the address."""
    async with serving_rdap({"203.0.113.0/24": NET}, fault=fault) as web:
        with pytest.raises(ContactError, match=r"no contact for 203\.0\.113\.80: \w+"):
            await real(web.base).find(IP)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (http(302, headers={"Location": "/ip/203.0.113.80"}), "redirects in a ring"),
        (http(302, headers={"Location": "file:///etc/passwd"}), "neither http nor"),
        (http(200, b" " * (1 << 20) + b"{}", {"Content-Type": TYPE}), "sent too much"),
        (http(200, b"[" * 100_000, {"Content-Type": TYPE}), "nested too deeply"),
        (http(200, json.dumps(NET).encode()[:-9], {"Content-Type": TYPE}), "not JSON"),
    ],
)
async def test_hostile(answer: bytes, problem: str) -> None:
    """Huge, deep, cut or leading astray: a sentence, never another error."""
    async with serving_rdap({"203.0.113.0/24": answer}) as web:
        with pytest.raises(ContactError, match=problem):
            await real(web.base).find(IP)


async def test_never_to_ourselves() -> None:
    """A registry that redirects to this host is not followed."""
    with pytest.raises(ContactError, match=r"127\.0\.0\.1 is not public"):
        await real("http://127.0.0.1/", Destinations.PUBLIC).find(IP)
