"""Registries as servers: who pays for a redirect, and how long one is left alone."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from twisted.internet.task import Clock

from sc.abuse.contacts.pace import MAX_SERVERS, Keeping, Rates, Standing, Standings
from sc.abuse.contacts.sources.source import SourceError
from tests.fakes import rdap
from tests.fakes.contacts import DESK, Site, Steady
from tests.fakes.web import http

ARIN = "https://rdap.arin.net/registry/ip/"
RIPE = "https://rdap.db.ripe.net/ip/"


def moved(url: str) -> bytes:
    return http(301, headers={"Location": url})


def transferred(*ips: str, **settings: Any) -> Site:
    """Addresses of ARIN's blocks that RIPE's registry holds today."""
    answers = {f"{ip}/32": rdap.ripe(f"{ip}/32", DESK) for ip in ips}
    site = Site(answers, **settings)
    site.registry.web = {ARIN + ip: moved(RIPE + ip) for ip in ips}
    return site


async def test_redirect() -> None:
    """A block that moved is asked for where it is now, and that is who answers."""
    site = transferred("8.8.8.8")
    found = await site.find("8.8.8.8")
    assert found.address == DESK
    assert "(ripe, AR1-RIPE)" in found.reason
    assert site.registry.urls == [ARIN + "8.8.8.8", RIPE + "8.8.8.8"]


async def test_redirect_is_charged_to_its_target() -> None:
    """RIPE's rate holds for what ARIN sends there, and for its own addresses."""
    site = transferred("8.8.8.8", burst=1, rate=0.1, max_wait=5.0)
    await site.find("8.8.8.8")
    assert "too many lookups are waiting" in await site.problem("193.0.6.139")
    site.clock.advance(10.0)
    assert "ripe knows no network" in await site.problem("193.0.0.1")


async def test_target_that_says_later() -> None:
    """The target's "later" is the target's: ARIN is asked on, RIPE is not."""
    site = transferred("8.8.8.8")
    site.registry.web[RIPE + "8.8.8.8"] = http(429, headers={"Retry-After": "50"})
    assert "ripe answers HTTP 429" in await site.problem("8.8.8.8")
    assert "ripe is not asked for another 50 s" in await site.problem("193.0.6.139")
    assert "arin knows no network" in await site.problem("23.1.1.1")


async def test_member_registry() -> None:
    """LACNIC sends us to NIC.br, which has a pace of its own."""
    site = Site({"200.160.0.0/20": rdap.apnic("200.160.0.0/20", DESK)})
    lacnic = "https://rdap.lacnic.net/rdap/ip/200.160.0.8"
    site.registry.web = {lacnic: moved("https://rdap.registro.br/ip/200.160.0.8")}
    found = await site.find("200.160.0.8")
    assert "(rdap.registro.br, IRT-X-AP)" in found.reason


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"8.8.8.8": ARIN + "8.8.8.8"}, "rdap.arin.net redirects in a ring"),
        (
            {"8.8.8.8": RIPE + "8.8.8.8", RIPE + "8.8.8.8": ARIN + "8.8.8.8"},
            "rdap.db.ripe.net redirects in a ring",
        ),
        ({"8.8.8.8": "http://rdap.db.ripe.net/"}, "redirects from https to http"),
        ({"8.8.8.8": "file:///etc/passwd"}, "file is neither http nor https"),
        ({"8.8.8.8": "//"}, "redirects to what is no URL"),
    ],
)
async def test_astray(answers: dict[str, str], problem: str) -> None:
    """A redirect that is not followed is a sentence."""
    site = Site({}, burst=20)
    site.registry.web = {
        at if at.startswith("http") else ARIN + at: moved(to)
        for at, to in answers.items()
    }
    assert problem in await site.problem("8.8.8.8")


@pytest.mark.parametrize(("hops", "found"), [(5, True), (6, False)])
async def test_hops(hops: int, found: bool) -> None:
    """Five redirects are followed, a sixth one is not."""
    site = Site({"8.8.8.8/32": rdap.ripe("8.8.8.8/32", DESK)}, burst=20)
    urls = [ARIN + "8.8.8.8", *(f"{RIPE}{n}" for n in range(1, hops))]
    urls.append(RIPE + "8.8.8.8")
    site.registry.web = {a: moved(b) for a, b in pairwise(urls)}
    if found:
        assert (await site.find("8.8.8.8")).address == DESK
    else:
        assert "redirects more than 5 times" in await site.problem("8.8.8.8")


async def test_redirect_to_nowhere() -> None:
    """A redirect without a target is no answer."""
    site = Site({})
    site.registry.web = {ARIN + "8.8.8.8": http(302)}
    assert "arin answers HTTP 302" in await site.problem("8.8.8.8")


def standing(clock: Clock, random: Random) -> Standing:
    return Standing("arin", Keeping(clock, random, Rates(1.0, 5, 10.0)))


async def _left(clock: Clock, random: Random) -> str:
    ill = standing(clock, random)
    for _ in range(3):
        ill.ill("broken")
    with pytest.raises(SourceError) as caught:
        async with ill.turn():
            pass
    return str(caught.value)


async def test_jitter() -> None:
    """Pauses differ by chance, so that many of us do not come back at once."""

    class Latest(Random):
        def random(self) -> float:
            return 0.99999

    assert "another 60 s" in await _left(Clock(), Steady())
    assert "another 75 s" in await _left(Clock(), Latest())


async def test_closed_while_waiting() -> None:
    """Who waits for a turn does not ask a server that has said "later" meanwhile."""
    site = Site({}, burst=1, rate=0.1)
    site.registry.seconds = 1.0
    site.registry.web = {
        "https://rdap.apnic.net/ip/58.0.0.1": http(429, headers={"Retry-After": "99"})
    }
    first, second = site.begin("58.0.0.1"), site.begin("59.0.0.1")
    for work in (first, second):
        work.addErrback(lambda failure: failure.getErrorMessage())
    site.clock.pump([1.0] * 12)
    assert "apnic is not asked for another" in str(await second)
    assert site.asked == 1
    assert "429" in str(await first)


def test_servers_are_forgotten() -> None:
    """Answers may name any server: the one named least recently is forgotten."""
    standings = Standings(Keeping(Clock(), Steady(), Rates(1.0, 5, 10.0)))
    first = standings.of("first")
    for n in range(MAX_SERVERS - 1):
        standings.of(str(n))
    assert standings.of("first") is first
    standings.of("one more")
    assert standings.of("first") is first
    for n in range(MAX_SERVERS):
        standings.of(f"x{n}")
    assert standings.of("first") is not first
