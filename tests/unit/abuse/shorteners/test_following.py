"""shorteners.following: short links of a message become those that they lead to."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, Logger

from sc.abuse.contacts.lookup import Found
from sc.abuse.shorteners.following import (
    CONCURRENCY,
    MAX_LINKS,
    TIMEOUT,
    ShortenerSettings,
    are_hosts,
    hosts_to_follow,
)
from sc.content.shorteners import KNOWN
from sc.model.evidence import Evidence, Link, Role
from tests.fakes.abuse import link, message
from tests.fakes.inline_threads import INLINE
from tests.fakes.short_links import FakeWeb, shorteners

SHORT, END = "https://bit.ly/a", "http://shop.example/?id=7"
WAIT = 10.0


def short(url: str = SHORT, role: Role = Role.NAVIGATES) -> Link:
    return Link(url, url.split("/")[2], role, ("https://outer.example/",))


@define
class Site:
    web: FakeWeb
    clock: Clock = field(factory=Clock)
    found: Found = field(factory=Found)
    settings: dict[str, bool] = field(factory=dict)

    async def follow(self, *links: Link, **more: Any) -> tuple[Link, ...]:
        evidence = Evidence("f", links=links, **more)
        follower = shorteners(self.web, self.clock, INLINE, **self.settings)
        followed = await follower.follow(message(), evidence, self.found, WAIT)
        assert evolve(followed, links=links) == evidence
        return followed.links

    @property
    def problems(self) -> list[str]:
        return list(self.found.problems)


async def test_followed() -> None:
    """The host behind counts, the way to it is kept, other links stay as they are."""
    site = Site(FakeWeb({SHORT: END}))
    links = await site.follow(link(), short(), link("other.example"))
    chain = ("https://outer.example/", SHORT)
    reached = Link(END, "shop.example", Role.NAVIGATES, chain)
    assert links == (link(), reached, link("other.example"))
    assert (site.problems, site.found.pending) == ([], ())
    assert site.clock.getDelayedCalls() == []


async def test_both_are_told() -> None:
    """The shortener's desk hears of it as well, if the operator wants that."""
    site = Site(FakeWeb({SHORT: END}), settings={"report_both": True})
    assert [x.host for x in await site.follow(short())] == ["bit.ly", "shop.example"]


@pytest.mark.parametrize(
    "other",
    [
        short(role=Role.UNSUBSCRIBE),
        short(role=Role.RESOURCE),
        short("https://bit.ly/"),
        short("https://notbit.ly/a"),
        short("https://bit.ly.example/a"),
    ],
)
async def test_not_asked(other: Link) -> None:
    """An image, an unsubscribe link, a home page and other hosts are left alone."""
    site = Site(FakeWeb({SHORT: END}))
    assert await site.follow(other) == (other,)
    assert (site.web.asked, site.problems) == ([], [])


async def test_dead() -> None:
    """What leads nowhere stays, and a warning says why."""
    site = Site(FakeWeb({SHORT: 404}))
    assert await site.follow(short()) == (short(),)
    said = "bit.ly answers HTTP 404 and redirects nowhere"
    assert site.problems == [f"{SHORT} is not followed: {said}"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://bit.ly/?u=bob%40example.org", "holds the recipient"),
        ("https://bit.ly/a8f3c1d29b7e4c558d21", "holds an opaque token"),
    ],
)
async def test_personal(url: str, why: str) -> None:
    """A link that tells whose message it is stays closed, unless the file says so."""
    site = Site(FakeWeb({url: END}))
    assert await site.follow(short(url)) == (short(url),)
    said = f"{url} is not followed: bit.ly is not asked: the link {why}"
    assert (site.web.asked, site.problems) == ([], [said])
    site = Site(FakeWeb({url: END}), settings={"follow_personal": True})
    assert [x.url for x in await site.follow(short(url))] == [END]


@pytest.mark.parametrize("host", ["example.org", "www.example.org", "www.w3.org"])
async def test_ignored(host: str) -> None:
    """Whom no complaint may name is not named for what a short link leads to."""
    site = Site(FakeWeb({SHORT: f"https://{host}/"}))
    assert await site.follow(short(), ignored=frozenset({"example.org"})) == ()
    assert site.problems == [f"{SHORT} leads to {host}: not reported"]


async def test_same_end() -> None:
    """Two ways to one page are two links; the same way twice is one."""
    other = "https://t.co/b"
    site = Site(FakeWeb({SHORT: END, other: END}))
    links = await site.follow(short(), short(other), short(SHORT + "#x"))
    assert [x.chain[1:] for x in links] == [(SHORT,), (other,), (SHORT + "#x",)]


async def test_many() -> None:
    """Only the first 20 are followed, five at a time, and a warning says so."""
    urls = [f"https://h{n}.bit.ly/a" for n in range(MAX_LINKS + 5)]
    waiting: dict[str, Deferred[str]] = {url: Deferred() for url in urls}
    site = Site(FakeWeb(cast(Any, waiting)))
    work = Deferred.fromCoroutine(site.follow(*map(short, urls)))
    assert len(site.web.asked) == CONCURRENCY
    for url in urls[:MAX_LINKS]:
        waiting[url].callback(END)
    links = await work
    assert [x.host for x in links[MAX_LINKS - 1 :]] == [
        "shop.example",
        *(f"h{n}.bit.ly" for n in range(MAX_LINKS, MAX_LINKS + 5)),
    ]
    assert site.web.most == CONCURRENCY
    assert site.problems == ["25 short links: only 20 were followed"]


async def test_deadline() -> None:
    """Shorteners that hang hold up a message for four seconds in all, not each."""
    urls = [f"https://h{n}.bit.ly/a" for n in range(CONCURRENCY + 2)]
    site = Site(FakeWeb({url: Deferred() for url in urls} | {SHORT: END}))
    work = Deferred.fromCoroutine(site.follow(*map(short, urls)))
    assert site.found.pending[0] == "where https://h0.bit.ly/a leads"
    site.clock.advance(TIMEOUT)
    assert await work == tuple(map(short, urls))
    late = f"where {urls[-1]} leads did not come within 4 s"
    assert len(site.problems) == len(urls)
    assert late in site.problems
    assert len(site.web.asked) == CONCURRENCY
    assert site.found.pending == ()
    assert site.clock.getDelayedCalls() == []


async def test_short_wait() -> None:
    """Where a request waits for less, so do we: half of it is for the desks."""
    site = Site(FakeWeb({SHORT: Deferred()}))
    evidence = Evidence("f", links=(short(),))
    follower = shorteners(site.web, site.clock, INLINE)
    work = Deferred.fromCoroutine(
        follower.follow(message(), evidence, site.found, wait=2.0)
    )
    site.clock.advance(1.0)
    await work
    assert site.problems == [f"where {SHORT} leads did not come within 1 s"]


async def test_cancelled() -> None:
    """Who waits no longer ends everything."""
    site = Site(FakeWeb({SHORT: Deferred()}))
    work = Deferred.fromCoroutine(site.follow(short()))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    assert site.clock.getDelayedCalls() == []


async def test_bug() -> None:
    """Whatever one link does, the others are followed; a bug is logged."""
    events: list[LogEvent] = []
    web = FakeWeb({SHORT: ValueError("bug"), "https://t.co/b": END})
    follower = shorteners(web, Clock(), INLINE)
    follower._log = Logger(observer=cast(ILogObserver, events.append))
    evidence, found = Evidence("f", links=(short(), short("https://t.co/b"))), Found()
    followed = await follower.follow(message(), evidence, found, WAIT)
    assert [x.host for x in followed.links] == ["bit.ly", "shop.example"]
    assert list(found.problems) == [
        f"where {SHORT} leads cannot be told: internal error"
    ]
    assert len(events) == 1


def test_three_meanings() -> None:
    """Nothing said: those that we know. A list: these as well. An empty one: none."""
    assert hosts_to_follow(None) == KNOWN
    assert hosts_to_follow(()) == frozenset()
    assert hosts_to_follow(("Go.Example.",)) == KNOWN | {"go.example"}


def _refused(value: tuple[str, ...]) -> bool:
    check = cast(Callable[..., None], are_hosts)
    try:
        check(None, None, value)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("text", ["https://bit.ly/", "bit", "", "bit.ly/a", "*.ly"])
def test_bad_host(text: str) -> None:
    """What is no host is refused."""
    assert _refused((text,))
    assert not _refused(("bit.ly", text.replace(text, "sub.bit.ly.")))


def test_defaults() -> None:
    """Nobody learns that an address is read, and the original's answer is given."""
    assert ShortenerSettings() == ShortenerSettings(False, False)


def test_known_hosts() -> None:
    """Each of our list is a name of a host in lower case."""
    assert not _refused(tuple(KNOWN))
    assert all(host == host.lower() for host in KNOWN)
