"""sc.scan.greylist: the first mail of a stranger has to come again."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.task import Clock
from twisted.logger import Logger

from sc.model.decision import Action, Reason
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.outcome import Outcome
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.scan.greylist import FORGETFUL, Greylister
from sc.scan.greylist_settings import GreylistSettings, Which
from sc.scan.policy import ScanPolicy
from sc.scan.settings import PolicySettings, Thresholds
from sc.store.cache import Cache
from sc.store.memory_cache import MemoryCache
from tests.fakes.flow import StubFlow, stub_flow
from tests.unit.scan.scanners import Kept

BOB, CAROL = "bob@example.net", "carol@example.net"
PASS = Symbol("SPF_PASS", options=("example.org",))
POLICY = PolicySettings(
    inbound=Thresholds(greylist=4.0), local_networks=(ip_network("10.0.0.0/8"),)
)
DELAY = 300.0


@define(eq=False)
class Site:
    """
    A flow with a greylister and real policy.

    @ivar found: what the scanners find.
    """

    found: tuple[Symbol, ...] = ()
    clock: Clock = field(factory=Clock)
    cache: Cache | None = None
    flow: StubFlow = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.clock.rightNow = max(self.clock.rightNow, 1e9)
        self.cache = self.cache or MemoryCache(self.clock)
        self.flow = stub_flow(clock=self.clock, results=())
        self.flow.policy = ScanPolicy(POLICY)  # type: ignore[assignment]  # the real one
        self.settle(which=Which.ALL)

    def settle(self, **settings: Any) -> None:
        assert self.cache is not None
        doors, settled = frozenset({"mx"}), GreylistSettings(enabled=True, **settings)
        self.flow.before_answer = (Greylister(settled, doors, self.cache, self.clock),)

    async def scan(self, listener: str = "mx", **envelope: Any) -> Outcome:
        self.flow.pipeline.results = (
            ScannerResult("stub", State.DONE, Findings(self.found)),
        )
        given = {
            "sender": "alice@example.org",
            "recipients": (BOB,),
            "client_ip": ip_address("192.0.2.7"),
            **envelope,
        }
        it = Message("m1", Envelope(**given), b"A: 1\r\n\r\n", listener)
        return await self.flow.scan(it)

    async def waits(self, **envelope: Any) -> bool:
        return (await self.scan(**envelope)).decision.action is Action.SOFT_REJECT


@pytest.fixture
def site() -> Site:
    return Site()


async def test_first_attempt(site: Site) -> None:
    """It is told to come again, in words that say why."""
    decision = (await site.scan()).decision
    assert (decision.action, decision.reason) == (
        Action.SOFT_REJECT,
        Reason.GREYLISTED,
    )
    assert decision.sentence.endswith(", please try again later; id m1")


async def test_again(site: Site) -> None:
    """Too early is too early; after the delay it is let in, and then at once."""
    assert await site.waits()
    site.clock.advance(DELAY - 1)
    assert await site.waits()
    site.clock.advance(1)
    assert not await site.waits()
    site.clock.advance(29 * 86_400)
    assert not await site.waits(), "within its lifetime"
    site.clock.advance(29 * 86_400)
    assert not await site.waits(), "which began again with the last mail"
    site.clock.advance(30 * 86_400)
    assert await site.waits()


async def test_too_late(site: Site) -> None:
    """After the window it is a first attempt again."""
    assert await site.waits()
    site.clock.advance(86_400)
    assert await site.waits()
    site.clock.advance(DELAY)
    assert not await site.waits()


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({"client_ip": ip_address("192.0.2.99")}, True),
        ({"client_ip": ip_address("::ffff:192.0.2.9")}, True),
        ({"sender": "Alice@Example.org"}, True),
        ({"client_ip": ip_address("192.0.3.7")}, False),
        ({"client_ip": ip_address("2001:db8::1")}, False),
        ({"sender": "eve@example.org"}, False),
        ({"sender": ""}, False),
        ({"recipients": (CAROL,)}, False),
    ],
)
async def test_triplet(site: Site, changed: dict[str, Any], known: object) -> None:
    """The client's network, the sender and the recipient are known together."""
    await site.scan()
    site.clock.advance(DELAY)
    assert await site.waits(**changed) is not known


async def test_spf(site: Site) -> None:
    """Where SPF passes the domain stands for all of its hosts."""
    site.found = (PASS,)
    await site.scan()
    site.clock.advance(DELAY)
    assert not await site.waits(client_ip=ip_address("198.51.100.1"))


@pytest.mark.parametrize(
    "envelope",
    [
        {"user": "joe"},
        {"client_ip": ip_address("10.1.2.3")},
        {"client_ip": ip_address("127.0.0.1")},
        {"client_ip": None},
        {"sender": None},
        {"recipients": ()},
        {"listener": "lmtp"},
    ],
)
async def test_not_delayed(site: Site, envelope: dict[str, Any]) -> None:
    """Our own users, unknown clients, and doors that face no stranger."""
    assert not await site.waits(**envelope)


@pytest.mark.parametrize(
    ("score", "waits", "action"),
    [
        (3.9, False, Action.NO_ACTION),
        (4.0, True, Action.GREYLIST),
        (7.0, True, Action.ADD_HEADER),
        (15.0, False, Action.REJECT),
    ],
)
async def test_suspicious(
    site: Site, score: float, waits: object, action: Action
) -> None:
    """By default only what scores enough waits; what is rejected is."""
    site.settle()
    site.found = (Symbol("A", score),)
    assert await site.waits() is waits
    elsewhere = (await site.scan(listener="lmtp")).decision
    assert elsewhere.action is action
    site.clock.advance(DELAY)
    assert (await site.scan()).decision.action is action


async def test_allowed(site: Site) -> None:
    """What a list lets in comes in at once."""
    site.found = (Symbol("SC_ALLOWED"),)
    assert not await site.waits()


async def test_recipients(site: Site) -> None:
    """Each recipient has his own triplet."""
    await site.scan()
    site.clock.advance(DELAY)
    outcome = await site.scan(recipients=(BOB, CAROL))
    actions = [d.decision.action for d in outcome.decisions]
    assert actions == [Action.NO_ACTION, Action.SOFT_REJECT]


async def test_allow_after(site: Site) -> None:
    """A network that came again often enough sends for that domain at once."""
    site.settle(which=Which.ALL, allow_after=2)
    for number in range(2):
        recipients = (f"{number}@example.net",)
        assert await site.waits(recipients=recipients)
        site.clock.advance(DELAY)
        assert not await site.waits(recipients=recipients)
        assert not await site.waits(recipients=recipients), "counts once"
    assert not await site.waits(sender="new@example.org", recipients=(CAROL,))
    assert await site.waits(sender="new@other.example")
    site.settle(which=Which.ALL, allow_after=0)
    assert await site.waits(sender="newer@example.org", recipients=(CAROL,))


async def test_nodes_share() -> None:
    """What one node has told to come again, another lets in."""
    one = Site()
    other = Site(clock=one.clock, cache=one.cache)
    assert await one.waits()
    one.clock.advance(DELAY)
    assert not await other.waits()


@define(eq=False)
class Down:
    """A cache that is down: it knows nothing, and says nothing about it."""

    async def get_many(self, _keys: Iterable[str]) -> Mapping[str, bytes]:
        return {}

    async def set_many(self, _values: Mapping[str, bytes], _ttl: float) -> None:
        """Gone."""

    async def add_many(
        self, _amounts: Mapping[str, int], _ttl: float
    ) -> Mapping[str, int]:
        return {}

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_cache_that_is_down() -> None:
    """Nothing is delayed, which a symbol says; the log once, and when it is over."""
    site = Site(cache=Down())
    greylister: Any = site.flow.before_answer[0]
    logged = Kept()
    greylister._log = Logger(observer=logged)
    for _ in range(2):
        decision = (await site.scan()).decision
        assert (decision.action, decision.reason) == (Action.NO_ACTION, Reason.CLEAN)
        assert [s.name for s in decision.symbols] == [FORGETFUL]
    greylister._cache = MemoryCache(site.clock)
    assert await site.waits()
    told = [event["log_format"].partition(",")[0] for event in logged]
    assert told == [
        "greylist: the cache keeps nothing",
        "greylist: the cache keeps what it is told again",
    ]


@pytest.mark.parametrize(
    "value", [b"", b"since", b"since 99999999999", b"since -1", b"pass", b"\xff"]
)
async def test_what_others_wrote(site: Site, value: bytes) -> None:
    """A value that we did not write is none: it begins anew, and ends in time."""

    @define(eq=False)
    class Written(MemoryCache):
        wrote: bool = False

        async def get_many(self, keys: Iterable[str]) -> Mapping[str, bytes]:
            if self.wrote:
                return await super().get_many(keys)
            self.wrote = True
            return dict.fromkeys(keys, value)

    site.cache = Written(site.clock)
    site.settle(which=Which.ALL)
    assert await site.waits()
    site.clock.advance(DELAY)
    assert not await site.waits()


@pytest.mark.parametrize(
    "wrong",
    [
        {"delay": 0.5},
        {"delay": 3600.0, "window": 3600.0},
        {"window": 31 * 86_400.0},
        {"lifetime": 31 * 86_400.0},
        {"ipv4_prefix": 33},
        {"ipv6_prefix": 0},
        {"allow_after": -1},
    ],
)
def test_impossible_settings(wrong: dict[str, Any]) -> None:
    """What cannot work is refused."""
    with pytest.raises(ValueError, match="must be"):
        GreylistSettings(**wrong)
