"""sc.net.server_pool: shares by weight, and what becomes of a server that fails."""

from collections import Counter

import pytest
from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs

from sc.model.status import Health
from sc.net.server import Server
from sc.net.server_pool import ExchangeError, PoolLimits, ServerPool

LIMITS = PoolLimits(results_timeout=5.0, error_time=10.0, maxerrors=3, dead_time=60.0)


@define
class Service:
    """
    Servers that work or fail, and a pool of them.

    @ivar failing: numbers of those that refuse.
    @ivar hanging: numbers of those that never answer.
    @ivar asked: the numbers in the order in which they were asked.
    """

    weights: tuple[int, ...] = (1, 1)
    clock: Clock = field(factory=Clock)
    failing: set[int] = field(factory=set)
    hanging: set[int] = field(factory=set)
    asked: list[int] = field(factory=list)
    pool: ServerPool = field(init=False)

    def __attrs_post_init__(self) -> None:
        servers = [Server(f"h{n}:1", w) for n, w in enumerate(self.weights)]
        self.pool = ServerPool(self.clock, servers, LIMITS)

    async def attempt(self, number: int) -> int:
        self.asked.append(number)
        if number in self.hanging:
            await Deferred[None]()
        if number in self.failing:
            raise ExchangeError(f"server {number} refuses")
        return number

    def ask(self, timeout: float = 30.0) -> Deferred[int]:
        return Deferred.fromCoroutine(self.pool.ask(self.attempt, timeout))

    def probe(self, timeout: float = 5.0) -> Deferred[None]:
        return Deferred.fromCoroutine(self.pool.probe(self.attempt, timeout))

    def healths(self) -> list[Health]:
        return [status.health for status in self.pool.statuses()]


async def settle(service: Service, times: int) -> None:
    for _ in range(times):
        await service.ask()


async def test_shares() -> None:
    """Each server gets its share, and the heavy one's messages are spread."""
    service = Service((3, 1, 1))
    await settle(service, 10)
    assert service.asked == [0, 1, 0, 2, 0] * 2
    assert Counter(service.asked) == {0: 6, 1: 2, 2: 2}


async def test_next_server() -> None:
    """A failed server's message goes to the next one; the last problem is told."""
    service = Service((1, 1, 1), failing={0, 1})
    assert await service.ask() == 2
    assert service.asked == [0, 1, 2]
    service.failing.add(2)
    with pytest.raises(ExchangeError) as raised:
        await service.ask()
    assert sorted(service.asked[3:]) == [0, 1, 2]
    assert str(raised.value) == f"server {service.asked[-1]} refuses"


async def test_no_server() -> None:
    """A pool of none has no answer."""
    with pytest.raises(ExchangeError, match="no server"):
        await Service(()).ask()


async def test_results_timeout() -> None:
    """One that hangs costs its own time; the last one may take what is left."""
    service = Service(hanging={0, 1})
    work = service.ask(30.0)
    service.clock.advance(4.9)
    assert service.asked == [0]
    service.clock.advance(0.2)
    assert service.asked == [0, 1]
    service.clock.advance(24.8)
    assert not work.called
    service.clock.advance(0.2)
    with pytest.raises(ExchangeError, match=r"^no whole answer within 2.* s$"):
        await work


async def test_deadline() -> None:
    """No server is asked after the deadline of the whole."""
    service = Service(hanging={0, 1})
    work = service.ask(3.0)
    service.clock.advance(3.0)
    with pytest.raises(ExchangeError, match=r"^no whole answer within 3 s$"):
        await work
    assert service.asked == [0]


async def test_cancelled() -> None:
    """A client that leaves is no fault of the server."""
    service = Service(hanging={0})
    for _ in range(LIMITS.maxerrors):
        work = service.ask()
        work.cancel()
        with pytest.raises(CancelledError):
            await work
        await service.ask()
    assert service.healths() == [Health.UNKNOWN, Health.UP]


async def test_dead() -> None:
    """With too many errors a server is left alone, and one try shows if it is back."""
    service = Service()
    await settle(service, 2)
    service.failing = {0}
    with capturedLogs() as logs:
        await settle(service, 6)
    assert [e["log_level"].name for e in logs if "left alone" in e["log_format"]] == [
        "warn"
    ]
    assert service.healths() == [Health.FAILING, Health.UP]
    assert service.pool.statuses()[0].error == "server 0 refuses"
    assert set(service.asked[-2:]) == {1}
    service.clock.advance(59.9)
    before = len(service.asked)
    await settle(service, 4)
    assert set(service.asked[before:]) == {1}
    service.clock.advance(0.2)
    before = len(service.asked)
    await settle(service, 6)
    assert Counter(service.asked[before:]) == {0: 1, 1: 6}
    service.failing = set()
    service.clock.advance(61)
    with capturedLogs() as logs:
        await settle(service, 4)
    assert any("is back" in event["log_format"] for event in logs)
    assert service.healths() == [Health.UP, Health.UP]
    assert service.pool.statuses()[0].error == ""


async def test_one_half_open_try() -> None:
    """While the one try runs, no other message waits for the same server."""
    service = Service(failing={0})
    await settle(service, 8)
    service.failing, service.hanging = set(), {0}
    service.clock.advance(61)
    tries = [service.ask() for _ in range(6)]
    assert Counter(service.asked[-6:])[0] == 1
    service.clock.advance(5)
    assert [await one for one in tries] == [1] * 6


async def test_errors_far_apart() -> None:
    """Only errors within `error_time` count together."""
    service = Service(failing={0})
    for _ in range(10):
        await settle(service, 2)
        service.clock.advance(6)
    assert service.healths()[0] is Health.UNKNOWN


async def test_all_dead() -> None:
    """Where no other is left, even dead servers are asked: any answer is welcome."""
    service = Service(failing={0, 1})
    for _ in range(5):
        with pytest.raises(ExchangeError):
            await service.ask()
    service.failing = {0}
    assert await service.ask() == 1
    assert service.healths() == [Health.ABSENT, Health.UP]


async def test_probe() -> None:
    """A probe asks every server, and one that fails it gets no message."""
    service = Service((1, 1, 1), failing={1})
    with capturedLogs() as logs:
        await service.probe()
        await service.probe()
    assert service.asked == [0, 1, 2, 0, 2]
    assert service.healths() == [Health.UP, Health.ABSENT, Health.UP]
    told: list[LogEvent] = [e for e in logs if "never answered" in e["log_format"]]
    assert [event["server"] for event in told] == ["h1:1"]
    before = len(service.asked)
    await settle(service, 6)
    assert set(service.asked[before:]) == {0, 2}


async def test_probe_of_none() -> None:
    """Where no server answers a probe, it fails, and all are probed the next time."""
    service = Service(failing={0, 1})
    for _ in range(2):
        with capturedLogs() as logs, pytest.raises(ExchangeError, match="server 0"):
            await service.probe()
        assert not logs
    assert service.asked == [0, 1, 0, 1]


async def test_probe_beside_one_that_hangs() -> None:
    """Whoever stops waiting for a probe has the answer of the others."""
    service = Service(hanging={0})
    work = service.probe()
    work.cancel()
    await work
    assert service.healths() == [Health.ABSENT, Health.UP]
    service.failing = {1}
    work = service.probe()
    with pytest.raises(ExchangeError, match="server 1"):
        await work


async def test_probe_cancelled() -> None:
    """A probe that nobody waits for any more is no answer."""
    service = Service(hanging={0}, failing={1})
    work = service.probe()
    work.cancel()
    with pytest.raises(CancelledError):
        await work


async def test_single_server_is_never_left_alone() -> None:
    """With one server there is nobody else to ask, and nothing to tell."""
    service = Service((1,), failing={0})
    with capturedLogs() as logs:
        for _ in range(5):
            with pytest.raises(ExchangeError, match="server 0"):
                await service.ask()
        service.failing = set()
        assert await service.ask() == 0
    assert not logs
