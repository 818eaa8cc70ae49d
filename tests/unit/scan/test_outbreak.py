"""sc.scan.outbreak: one incident for a user, whichever nodes see the spam."""

from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from typing import Any, cast

import pytest
import pytest_twisted
from attrs import define, evolve
from twisted.logger import ILogObserver, LogEvent, Logger

from sc.maillog import MailLog
from sc.metrics import Metrics
from sc.model.envelope import Direction, Envelope
from sc.model.incident import Incident
from sc.model.message import Message
from sc.model.report import ReportState
from sc.outbox.entry import NOTICE, NewReport
from sc.scan.incident_table import NoSuchIncidentError
from sc.scan.limit_settings import Limit
from sc.scan.outbreak import LOOK, MAX_USERS, Outbreak
from sc.scan.outbreak_settings import OnOutbreak, OutbreakSettings
from sc.store.interface import StoreError
from sc.store.memory_cache import MemoryCache
from tests.fakes.flow import CLEAN, SPAM
from tests.fakes.metrics import values
from tests.fakes.outbox import NOW, Bench
from tests.fakes.silent_cache import SilentCache

SETTINGS = OutbreakSettings(spam=3, complaints=2, window=600.0, quiet=1000.0)
OUT = Direction.OUTBOUND


def message(number: int = 1, user: str | None = "Alice") -> Message:
    ip = ip_address("192.0.2.7")
    body = b"Subject: buy\r\n\r\nnow\r\n"
    return Message(f"id-{number}", Envelope("a@b", ("c@d",), ip, user=user), body)


def notice(incident: Incident, content: bytes) -> Sequence[NewReport]:
    return (
        NewReport(
            key=incident.id,
            contact="postmaster@example.org",
            message_id=incident.id,
            mail_from="",
            rcpt_to="postmaster@example.org",
            mail=b"Subject: outbreak\r\n\r\n" + content,
            mail_message_id="<o@example.org>",
            route=NOTICE,
        ),
    )


@define
class Site:
    """
    Nodes that share a store and a cache.

    @ivar lines: of all their mail logs.
    """

    bench: Bench
    cache: Any
    lines: list[str]

    def node(self, settings: OutbreakSettings = SETTINGS) -> Outbreak:
        return Outbreak(
            settings,
            notice,
            True,
            self.cache,
            self.bench.store,
            self.bench.outbox,
            self.bench.clock,
            lambda: f"i{len(self.lines)}",
            MailLog(keep=lambda _id, line: self.lines.append(line)),
            Metrics(),
        )

    async def incidents(self) -> Sequence[Incident]:
        return await self.node().list(100)

    def advance(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)


@pytest_twisted.async_yield_fixture
async def site(place: str) -> AsyncIterator[Site]:
    bench = Bench.make(place)
    yield Site(bench, MemoryCache(bench.clock), [])
    await bench.store.close()


async def spam(node: Outbreak, *numbers: int) -> None:
    for number in numbers:
        await node.after_scan(message(number), SPAM)


async def test_incident(site: Site) -> None:
    """From the third spam message on it is one: a line, a metric, a notice."""
    node = site.node()
    await spam(node, 1, 2)
    await node.after_scan(message(9), CLEAN)
    assert await site.incidents() == ()
    await spam(node, 3)
    (incident,) = await site.incidents()
    assert (incident.account, incident.spam) == ("alice", 3)
    assert incident.addresses == ("192.0.2.7",)
    assert incident.samples == ("id-1", "id-2", "id-3")
    assert (incident.first, incident.opened) == (NOW, NOW)
    told = f"incident id={incident.id} user=alice state=open spam=3 complaints=0"
    assert site.lines == [f"{told} ips=192.0.2.7 samples=id-1,id-2,id-3"]
    assert values(node._metrics, "sc_incidents_total") == {(): 1.0}
    assert values(node._metrics, "sc_incidents_open") == {(): 1.0}
    (entry,) = await site.bench.outbox.list()
    assert (entry.contact, entry.message_id) == ("postmaster@example.org", incident.id)


async def test_two_nodes_one_incident(site: Site) -> None:
    """Spam that is spread over nodes counts together, and tells one story."""
    one, two = site.node(), site.node()
    await spam(one, 1)
    await spam(two, 2, 3)
    assert len(site.lines) == 1
    await spam(one, 4)
    await one.refresh()
    await two.refresh()
    await spam(one, 5)
    await spam(two, 6)
    await one.refresh()
    await two.refresh()
    (incident,) = await site.incidents()
    assert incident.spam == 6
    assert sorted(incident.samples) == [f"id-{n}" for n in range(1, 7)]
    assert len(site.lines) == 1
    assert len(await site.bench.outbox.list()) == 1


async def test_below(site: Site) -> None:
    """A newsletter that one filter dislikes, a message an hour, is no outbreak."""
    node = site.node()
    for number in range(9):
        await spam(node, number)
        site.advance(600.0)
    assert await site.incidents() == ()


async def test_no_limit(site: Site) -> None:
    """Without numbers nothing is counted, and strangers never are."""
    node = site.node(OutbreakSettings(spam=None, complaints=None))
    await spam(node, 1, 2, 3, 4)
    await node.complained("alice", "id-1")
    node.settings = evolve(SETTINGS, spam=1)
    await node.after_scan(message(5, None), SPAM)
    assert await site.incidents() == ()


async def test_closes_by_itself(site: Site) -> None:
    """When nothing was seen for a while; until then each spam message prolongs it."""
    node = site.node()
    await spam(node, 1, 2, 3)
    site.advance(900.0)
    await spam(node, 4)
    await node.refresh()
    site.advance(900.0)
    await node.refresh()
    assert (await site.incidents())[0].closed is None
    site.advance(100.0)
    await node.refresh()
    (incident,) = await site.incidents()
    assert (incident.closed, incident.closed_by) == (NOW + 1900.0, "quiet")
    assert " state=closed_by_quiet spam=4 " in site.lines[-1]
    assert values(node._metrics, "sc_incidents_open") == {(): 0.0}


async def test_closed_by_a_person(site: Site) -> None:
    """It begins anew after that, here and on other nodes, and not with old spam."""
    node, other = site.node(), site.node()
    await spam(node, 1, 2, 3)
    (incident,) = await site.incidents()
    closed = await node.close(incident.id, "scctl")
    assert (closed.closed, closed.closed_by) == (NOW, "scctl")
    assert await node.close(incident.id, "again") == closed
    await other.refresh()
    await spam(node, 4)
    await spam(other, 5)
    assert len(site.lines) == 2
    await spam(node, 6)
    assert [i.closed for i in await site.incidents()] == [None, NOW]
    assert len(await node.list(9, only_open=True)) == 1
    with pytest.raises(NoSuchIncidentError):
        await node.get("nothing")
    with pytest.raises(NoSuchIncidentError):
        await node.close("nothing", "scctl")


async def test_blocked(site: Site) -> None:
    """The user's mail is refused on all nodes, and whoever keeps trying prolongs it."""
    settings = evolve(SETTINGS, on_outbreak=OnOutbreak.BLOCK)
    node, other = site.node(settings), site.node(settings)
    assert await node.look(message(), OUT) is None
    await spam(node, 1, 2, 3)
    await other.refresh()
    for one in (node, other):
        known = await one.look(message(4), OUT)
        assert known is not None
        assert known.settled
        assert [s.name for s in known.result.findings.symbols] == ["SC_BLOCKED"]
        assert await one.look(message(4, "bob"), OUT) is None
        assert await one.look(message(4, None), OUT) is None
    site.advance(900.0)
    await node.look(message(5), OUT)
    await node.refresh()
    (incident,) = await site.incidents()
    assert (incident.last, incident.spam) == (NOW + 900.0, 3)
    await node.close(incident.id, "scctl")
    assert await node.look(message(6), OUT) is None


async def test_a_node_that_starts(site: Site) -> None:
    """The queue that waits for it is no faster than what the store knows."""
    settings = evolve(SETTINGS, on_outbreak=OnOutbreak.BLOCK)
    await spam(site.node(settings), 1, 2, 3)
    assert await site.node(settings).look(message(4), OUT) is not None
    slow = site.node(evolve(settings, on_outbreak=OnOutbreak.THROTTLE))
    assert await slow.look(message(4), OUT) is None
    assert slow.throttled("alice") is not None


async def test_throttled(site: Site) -> None:
    """The user may send a little; nobody else is held back."""
    settings = evolve(SETTINGS, on_outbreak=OnOutbreak.THROTTLE, throttle=7)
    node = site.node(settings)
    assert node.throttled("alice") is None
    await spam(node, 1, 2, 3)
    assert node.throttled("ALICE") == Limit(messages=7)
    assert node.throttled("bob") is None
    assert await node.look(message(4), OUT) is None
    node.settings = SETTINGS
    assert node.throttled("alice") is None


async def test_complaints(site: Site) -> None:
    """Feedback reports make an incident, too."""
    node = site.node()
    await node.complained("alice", "id-7")
    await node.complained("alice", "id-8")
    (incident,) = await site.incidents()
    assert (incident.spam, incident.complaints) == (0, 2)
    assert incident.samples == ("id-7", "id-8")


async def test_content(site: Site) -> None:
    """The beginning of a message goes to the responder only where that is allowed."""
    node = site.node(evolve(SETTINGS, spam=1))
    await spam(node, 1)
    node.settings = evolve(SETTINGS, spam=1, content=True)
    await node.after_scan(message(2, "bob"), SPAM)
    mails = [
        await site.bench.outbox.mail(entry.id)
        for entry in await site.bench.outbox.list()
    ]
    assert sorted(mails, key=lambda mail: len(mail or b"")) == [
        b"Subject: outbreak\r\n\r\n",
        b"Subject: outbreak\r\n\r\n" + message().content,
    ]


async def test_notices_are_no_reports(site: Site) -> None:
    """Neither a hold for new desks nor a rate keeps a notice back."""
    outbox = site.bench.outbox
    outbox.rules = evolve(
        outbox.rules,
        hold_new_desks=True,
        limits=evolve(outbox.rules.limits, hour=1, contact_hour=1),
    )
    node = site.node(evolve(SETTINGS, spam=1))
    for number in range(3):
        await node.after_scan(message(number, f"user{number}"), SPAM)
    for entry in await outbox.claim(10):
        assert await outbox.admit(entry.id)
        await outbox.begin(entry.id)
        await outbox.end(entry.id, ReportState.SENT, "250 ok")
    assert len(await outbox.list(ReportState.SENT)) == 3
    assert await site.bench.desks.list(10) == ()


class Broken:
    """A store that cannot be used."""

    async def transact(self, _work: object) -> None:
        raise StoreError("disk full")


async def test_store_down(site: Site) -> None:
    """What was seen is kept, and the next message opens the incident with all of it."""
    told: list[LogEvent] = []
    node = site.node()
    node._log = Logger("test", observer=cast(ILogObserver, told.append))
    store, node._store = node._store, cast(Any, Broken())
    await spam(node, 1, 2, 3)
    await node.refresh()
    await node.refresh()
    formats = [str(event["log_format"]) for event in told]
    assert len(formats) == 2, "each once"
    assert "is not written down" in formats[0]
    node._store = store
    await spam(node, 4)
    (incident,) = await site.incidents()
    assert incident.spam == 4
    node._store = cast(Any, Broken())
    await spam(node, 5)
    await node.refresh()
    node._store = store
    await node.refresh()
    assert (await site.incidents())[0].spam == 5


async def test_cache_down(site: Site) -> None:
    """Without counts there is no incident, and no error."""
    site.cache = SilentCache()
    await spam(site.node(), *range(9))
    assert await site.incidents() == ()


async def test_memory_is_bounded(site: Site) -> None:
    """A thousand users with a message each are forgotten in turn."""
    node = site.node()
    for number in range(MAX_USERS + 5):
        await node.after_scan(message(number, f"user{number}"), SPAM)
    assert len(node._seen) == MAX_USERS


async def test_old_spam_is_no_part_of_it(site: Site) -> None:
    """Samples and dates are those of the outbreak, not of last month."""
    node = site.node()
    await spam(node, 1)
    site.advance(5000.0)
    await spam(node, 2, 3, 4)
    (incident,) = await site.incidents()
    assert (incident.first, incident.samples[0]) == (NOW + 5000.0, "id-2")


async def test_looks_by_itself(site: Site) -> None:
    """It looks at the store now and then, and writes down the rest at the end."""
    node, other = site.node(), site.node()
    await node.stop()
    other.start()
    await spam(node, 1, 2, 3)
    site.advance(LOOK)
    assert other._open == {"alice"}
    await spam(other, 4)
    await other.stop()
    assert (await site.incidents())[0].spam == 4
    assert site.bench.clock.getDelayedCalls() == []


async def test_purged(site: Site) -> None:
    """A closed one is kept for a while, an open one as long as it is open."""
    node = site.node(evolve(SETTINGS, keep_days=1.0))
    await spam(node, 1, 2, 3)
    site.advance(1000.0)
    await node.refresh()
    site.advance(86400.0)
    await node.refresh()
    assert await site.incidents() == ()


@pytest.mark.parametrize("user", ["a" * 5000, "a\nb", "\u202e\u0000x"])
async def test_strange_users(site: Site, user: str) -> None:
    """Any name makes an account that can be shown and found again."""
    node = site.node(evolve(SETTINGS, spam=1, on_outbreak=OnOutbreak.BLOCK))
    await node.after_scan(message(1, user), SPAM)
    (incident,) = await site.incidents()
    assert incident.account.isprintable()
    assert len(incident.account) < 250
    assert await node.look(message(2, user), OUT) is not None
    assert await node.look(message(2, user + "x"), OUT) is None


async def test_two_messages_of_one_moment(site: Site) -> None:
    """Both are above the limit; the first one has told all that was seen."""
    node = site.node()
    await spam(node, 1, 2, 3)
    await node._raise("alice")
    assert len(site.lines) == 1
