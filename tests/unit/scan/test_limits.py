"""sc.scan.limits: how much a user of ours may send."""

from ipaddress import ip_address
from typing import cast

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, Logger

from sc.metrics import Metrics
from sc.model.decision import Action, Decision, Reason, ScoredSymbol
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.scan.limit_settings import Limit, LimitSettings, UserLimit
from sc.scan.limits import Limits
from sc.scan.window import Window
from sc.store.cache import Cache
from sc.store.memory_cache import MemoryCache
from tests.fakes.flow import CLEAN, SPAM, decision_of
from tests.fakes.metrics import values
from tests.fakes.silent_cache import SilentCache

LATER = decision_of(Action.SOFT_REJECT)
LIMITED = decision_of(Action.SOFT_REJECT, ScoredSymbol("SC_LIMITED", 0.0))
BODY = b"Subject: hello\r\n\r\nbuy\r\n"
OUT = Direction.OUTBOUND


def message(user: str | None = "alice", rcpts: int = 1, body: bytes = BODY) -> Message:
    ip = ip_address("192.0.2.7")
    recipients = tuple(f"r{n}@x.example" for n in range(rcpts))
    return Message("id-1", Envelope("a@b", recipients, ip, user=user), body)


def limits(
    settings: LimitSettings, clock: Clock | None = None, cache: Cache | None = None
) -> Limits:
    clock = clock or Clock()
    window = Window(cache or MemoryCache(clock), clock, "limits")
    return Limits(settings, window, Metrics())


async def above(it: Limits, asked: Message, direction: Direction = OUT) -> str:
    """Which limit it is above; "" for none."""
    known = await it.look(asked, direction)
    if known is None:
        return ""
    (symbol,) = known.result.findings.symbols
    assert symbol.name == "SC_LIMITED"
    return symbol.options[0]


async def test_messages() -> None:
    """So many in an hour, and no more; an hour later again."""
    clock = Clock()
    it = limits(LimitSettings(messages=3), clock)
    assert [await above(it, message()) for _ in range(5)] == ["", "", ""] + [
        "messages"
    ] * 2
    assert await above(it, message("bob")) == ""
    clock.advance(7200.0)
    assert await above(it, message()) == ""
    assert values(it._metrics, "sc_limited_total") == {("messages",): 2.0}


async def test_a_queue_that_tries_again_gets_through() -> None:
    """What was refused does not count against whoever tries it again."""
    clock = Clock()
    it = limits(LimitSettings(messages=10), clock)
    taken = []
    for _ in range(240):
        taken.append([await above(it, message()) for _ in range(3)].count(""))
        clock.advance(60.0)
    assert 35 <= sum(taken) <= 50, "ten an hour for four hours, and what slides"


@pytest.mark.parametrize(
    ("decision", "taken"), [(LATER, 9), (CLEAN, 2), (SPAM, 2), (LIMITED, 2)]
)
async def test_what_is_to_come_again_does_not_count(
    decision: Decision, taken: int
) -> None:
    """While a scanner is down a queue tries and tries: that is no sending."""
    it = limits(LimitSettings(messages=2, recipients=8))
    passed = 0
    for _ in range(9):
        passed += await above(it, message(rcpts=3)) == ""
        await it.after_scan(message(rcpts=3), OUT, decision)
    assert passed == taken
    assert await above(it, message(user=None)) == ""
    await it.after_scan(message(user=None), OUT, decision)


async def test_recipients() -> None:
    """Of all messages together; one that is too large alone never passes."""
    it = limits(LimitSettings(recipients=10))
    assert await above(it, message(rcpts=6)) == ""
    assert await above(it, message(rcpts=6)) == "recipients"
    assert await above(it, message(rcpts=4)) == ""
    assert await above(it, message(rcpts=1)) == "recipients"


@pytest.mark.parametrize(
    ("usual", "throttled", "taken"),
    [
        (LimitSettings(messages=2), Limit(messages=5), 2),
        (LimitSettings(messages=9), Limit(messages=5), 5),
        (LimitSettings(recipients=3), Limit(messages=5), 3),
        (LimitSettings(), Limit(messages=5), 5),
    ],
)
async def test_an_incident_loosens_nothing(
    usual: LimitSettings, throttled: Limit, taken: int
) -> None:
    """Who is throttled keeps the limits that he had, where they are lower."""
    it = limits(usual)
    it._throttled = {"alice": throttled}.get
    assert [await above(it, message()) for _ in range(12)].count("") == taken


async def test_many_at_once() -> None:
    """Messages of one moment, at any node, do not pass together."""
    it = limits(LimitSettings(messages=10))
    looks = [Deferred.fromCoroutine(above(it, message())) for _ in range(50)]
    assert [await look for look in looks].count("") == 10


async def test_share_of_spam() -> None:
    """Who sends mostly spam is held back, if there are enough messages to say so."""
    it = limits(LimitSettings(spam_share=0.5, spam_from=4))
    for _ in range(4):
        assert await above(it, message()) == ""
        await it.after_scan(message(), OUT, SPAM)
    assert await above(it, message()) == "spam_share"
    for _ in range(4):
        assert await above(it, message("bob")) == ""
        await it.after_scan(message("bob"), OUT, CLEAN)
    assert await above(it, message("bob")) == ""


BOUNCE = b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n"
VACATION = b"Auto-Submitted: auto-replied\r\n\r\nI am away\r\n"
FEEDBACK = b"Content-Type: multipart/report; report-type=feedback-report\r\n\r\n"


@pytest.mark.parametrize("body", [BOUNCE, VACATION, FEEDBACK])
async def test_what_software_writes_is_no_spam(body: bytes) -> None:
    """A bounce that carries a stranger's spam is not held against its user."""
    it = limits(LimitSettings(spam_share=0.1, spam_from=1))
    for _ in range(3):
        assert await above(it, message(body=body)) == ""
        await it.after_scan(message(body=body), OUT, SPAM)
    await it.after_scan(message(), OUT, evolve(SPAM, reason=Reason.TEST))
    assert await above(it, message()) == ""


async def test_others_for_some() -> None:
    """The newsletter may send more; the first entry that matches is all that counts."""
    users = (
        UserLimit(user="newsletter@*", recipients=100),
        UserLimit(user="*@b.example", messages=1),
    )
    it = limits(LimitSettings(messages=2, users=users))
    asked = message("Newsletter@b.example")
    assert {await above(it, asked) for _ in range(9)} == {""}
    shop = message("shop@b.example")
    assert [await above(it, shop) for _ in range(2)] == ["", "messages"]
    assert [await above(it, message()) for _ in range(3)] == ["", "", "messages"]


@pytest.mark.parametrize("direction", list(Direction))
async def test_only_users(direction: Direction) -> None:
    """Strangers, this host and our networks have no limit of this kind."""
    it = limits(LimitSettings(messages=1))
    asked = message(user=None)
    assert {await above(it, asked, direction) for _ in range(3)} == {""}


async def test_our_networks() -> None:
    """Where it is configured, a client's address stands for a user."""
    it = limits(LimitSettings(messages=1, local_networks=True))
    asked = message(user=None)
    assert [await above(it, asked) for _ in range(2)] == ["", "messages"]
    assert await above(it, asked, Direction.INBOUND) == ""
    unknown = evolve(asked, envelope=Envelope())
    assert {await above(it, unknown) for _ in range(3)} == {""}


async def test_without_limits_nobody_is_asked() -> None:
    """Unless something is configured no scan waits for the cache."""
    cache = MemoryCache(Clock())
    it = limits(LimitSettings(), cache=cache)
    assert await above(it, message()) == ""
    await it.after_scan(message(), OUT, SPAM)
    assert cache.held == 0


async def test_cache_down() -> None:
    """Mail flows; the operator reads once that nothing is limited, and once the end."""
    told: list[LogEvent] = []
    it = limits(LimitSettings(messages=1), cache=SilentCache())
    it._log = Logger("test", observer=cast(ILogObserver, told.append))
    assert {await above(it, message()) for _ in range(3)} == {""}
    assert ["hold nobody back" in str(e["log_format"]) for e in told] == [True]
    it._window = Window(MemoryCache(Clock()), Clock(), "limits")
    await above(it, message())
    assert "counts again" in str(told[-1]["log_format"])


async def test_settled() -> None:
    """What policy refuses in any case is not scanned; else it is."""
    for settles in (True, False):
        it = limits(LimitSettings(messages=1))
        it.settles = settles
        await it.look(message(), OUT)
        known = await it.look(message(), OUT)
        assert known is not None
        assert known.settled is settles
