"""Time, pressure and the ways in which a spamd connection ends."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_network

import pytest
from attrs import evolve
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPullProducer
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger
from zope.interface.verify import verifyObject

from sc.access import Access, AccessSettings, NetworkRights, Right
from sc.flow import OverloadedError
from sc.listeners.spamd.protocol import LINGER, SpamdProtocol
from sc.listeners.spamd.sending import SLICE
from sc.listeners.spamd.service import SpamdFactory
from sc.listeners.spamd.session import Door
from sc.listeners.spamd.settings import SpamdLimits, SpamdSettings
from sc.model.choice import EVERYBODY, Choice
from sc.model.message import Message
from sc.model.octets import IN_MEMORY
from sc.model.verdict import Verdict
from sc.offload import Offload
from tests.dialogs.spamd.replay import End
from tests.fakes.flow import StubFlow, stub_flow
from tests.fakes.inline_threads import INLINE, InlineThreads, inline_offload
from tests.fakes.metrics import values
from tests.unit.listeners.spamd_wire import Wire, connected

CHECK = b"CHECK SPAMC/1.5\r\nContent-length: 2\r\n\r\nab"
HAM = b"SPAMD/1.1 0 EX_OK\r\nSpam: False ; 1.2 / 6.0\r\n\r\n"
STRANGER = IPv4Address("TCP", "192.0.2.1", 40000)


def door(
    flow: StubFlow | None = None,
    access: Access | None = None,
    offload: Offload = INLINE,
) -> Door:
    settings = SpamdSettings(limits=SpamdLimits(connections=2, drain_timeout=20.0))
    return Door(flow or stub_flow(), access or Access(), settings, offload)


def slow(clock: Clock, delay: float = 1000.0) -> StubFlow:
    return stub_flow(clock=clock, delay=delay)


async def test_half_closeable() -> None:
    """Without this interface spamc would get no reply."""
    assert verifyObject(IHalfCloseableProtocol, SpamdProtocol(door(), Clock()))


async def test_says_nothing() -> None:
    """Who says nothing for 30 seconds hears why, and is hung up on."""
    clock = Clock()
    wire = connected(door(), clock)
    clock.advance(29.9)
    assert wire.end() is None
    clock.advance(0.1)
    line = b"Timeout: (30 second socket timeout reading input from client)\r\n"
    assert wire.value() == b"SPAMD/1.0 79 " + line
    assert wire.end() is End.FIN
    wire.lose()


async def test_drips_its_first_line() -> None:
    """An octet now and then does not extend the time for the first line."""
    clock = Clock()
    wire = connected(door(), clock)
    for octet in b"CHE":
        clock.advance(9)
        wire.say(bytes([octet]))
    clock.advance(3)
    assert b" 79 Timeout: (30 second" in wire.value()
    wire.lose()


async def test_falls_silent() -> None:
    """In the middle of a request a minute of silence is too much."""
    clock = Clock()
    wire = connected(door(), clock)
    wire.say(CHECK[:-2])
    clock.advance(59)
    wire.say(CHECK[-2:-1])
    clock.advance(59)
    assert wire.end() is None
    clock.advance(1)
    assert b" 79 Timeout: (60 second socket timeout" in wire.value()
    wire.lose()


async def test_drips_its_message() -> None:
    """An octet every 50 seconds meets the total time."""
    clock = Clock()
    wire = connected(door(), clock)
    wire.say(b"CHECK SPAMC/1.5\r\n\r\n")
    for _ in range(5):
        clock.advance(50)
        wire.say(b"x")
    clock.advance(50)
    assert b" 79 Timeout: (300 second timeout" in wire.value()
    wire.lose()


async def test_scan_takes_too_long() -> None:
    """A scan that does not end is our failure: a reset, and the scan is stopped."""
    clock = Clock()
    flow = slow(clock)
    wire = connected(door(flow), clock)
    wire.say(CHECK)
    clock.advance(299)
    assert wire.end() is None
    clock.advance(1)
    assert (wire.value(), wire.end()) == (b"", End.RST)
    assert flow.pipeline.cancelled == 1
    wire.lose()


async def test_waits_for_a_scan_without_idling() -> None:
    """A client that waits for its answer is not idle."""
    clock = Clock()
    wire = connected(door(slow(clock, 200)), clock)
    wire.say(CHECK)
    clock.pump([50] * 4)
    assert wire.value() == HAM
    wire.lose()


async def test_client_leaves() -> None:
    """A client that is gone takes its scan with it."""
    clock = Clock()
    flow = slow(clock)
    wire = connected(door(flow), clock)
    wire.say(CHECK)
    wire.lose()
    assert flow.pipeline.cancelled == 1
    assert not clock.getDelayedCalls()


async def test_half_close_is_not_leaving() -> None:
    """A client that only closed its half still waits for the answer."""
    clock = Clock()
    flow = slow(clock, 5)
    wire = connected(door(flow), clock)
    wire.say(CHECK)
    wire.fin()
    clock.advance(5)
    assert (wire.value(), flow.pipeline.cancelled) == (HAM, 0)
    assert wire.disconnecting
    wire.lose()


async def test_leaves_within_its_message() -> None:
    """A client that is gone in the middle leaves nothing behind."""
    clock = Clock()
    flow = stub_flow(clock=clock)
    wire = connected(door(flow), clock)
    wire.say(CHECK[:-1])
    wire.lose()
    assert not flow.seen
    assert not clock.getDelayedCalls()


async def test_lingers() -> None:
    """After the reply the client has some seconds to close."""
    clock = Clock()
    wire = connected(door(), clock)
    wire.say(CHECK)
    assert wire.half_closed
    wire.say(b"\r\n")
    closed = []
    for seconds in (LINGER - 0.1, 0.1):
        clock.advance(seconds)
        closed.append(wire.disconnecting)
    assert closed == [False, True]
    wire.lose()


async def test_client_closes_after_the_reply() -> None:
    """When the client closes, too, the connection is over."""
    wire = connected(door())
    wire.say(CHECK)
    wire.fin()
    assert (wire.value(), wire.disconnecting) == (HAM, True)
    wire.lose()


async def test_client_does_not_read() -> None:
    """A client that does not take its reply is given up."""
    clock = Clock()
    wire = connected(door(), clock)
    wire.loseWriteConnection = lambda: None  # type: ignore[method-assign]
    wire.say(CHECK)
    clock.advance(60)
    assert wire.aborted
    wire.lose()


async def test_large_reply_at_the_pace_of_the_client() -> None:
    """A message in a file is sent in slices, when the client has room."""
    wire = connected(door())
    size = IN_MEMORY + 100
    wire.say(b"PROCESS SPAMC/1.5\r\nContent-length: %d\r\n\r\nA: b\n\n" % size)
    wire.say(b"x" * (size - 6))
    first = len(wire.io.getvalue())
    assert first < SLICE
    producer(wire).resumeProducing()
    assert len(wire.io.getvalue()) == first + SLICE
    assert wire.value().endswith(b"\nA: b\n\n" + b"x" * (size - 6))
    assert wire.end() is End.FIN
    wire.lose()


@pytest.mark.parametrize(("fields", "handed"), [(400, 0), (600, 1)])
async def test_many_fields(fields: int, handed: int) -> None:
    """A header section of many fields is not written anew on the event loop."""
    threads = InlineThreads()
    wire = connected(door(offload=inline_offload(threads)))
    content = b"A: b\n" * fields + b"\nbody"
    wire.say(b"PROCESS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(content))
    wire.say(content)
    assert wire.value().endswith(content)
    assert threads.handed == handed
    wire.lose()


async def test_client_leaves_within_its_reply() -> None:
    """A reply that nobody reads stops."""
    wire = connected(door())
    wire.say(b"PROCESS SPAMC/1.5\r\nContent-length: 3\r\n\r\n\nab")
    producer(wire).stopProducing()
    wire.lose()
    assert wire.end() is not None


@pytest.mark.parametrize("error", [OverloadedError("full"), TimeoutError("odd")])
async def test_our_failure(error: Exception) -> None:
    """Whatever fails on our side is a reset, never ham."""
    seen: list[LogEvent] = []
    log = Logger("spamd", observer=seen.append)  # type: ignore[arg-type]
    wire = connected(evolve(door(stub_flow(error=error)), log=log))
    wire.say(CHECK)
    assert (wire.value(), wire.end()) == (b"", End.RST)
    assert any(e["log_format"] == "{listener}: reset {peer}: {why}" for e in seen)
    wire.lose()


async def test_monitor_is_no_news() -> None:
    """Who connects and leaves without a word leaves no line."""
    lines = {}
    for octets in (b"", b"x"):
        seen: list[LogEvent] = []
        log = Logger("spamd", observer=seen.append)  # type: ignore[arg-type]
        wire = connected(evolve(door(), log=log))
        if octets:
            wire.say(octets)
        wire.fin()
        wire.lose()
        lines[octets] = len(seen)
    assert lines == {b"": 0, b"x": 1}


def producer(wire: Wire) -> IPullProducer:
    return IPullProducer(wire.producer)


class Stubborn:
    """A pipeline that answers though it was cancelled."""

    def __init__(self, wait: Callable[[], Awaitable[object]]) -> None:
        self._wait = wait

    def choose(self, *_: object) -> Choice:
        return EVERYBODY

    async def scan(self, message: Message, _choice: Choice) -> Verdict:
        try:
            await self._wait()
        finally:
            return Verdict(message.id)  # noqa: B012 the point of this one


async def test_scan_that_cannot_be_stopped() -> None:
    """An answer for a client that has left goes nowhere, and leaves no timer."""
    clock = Clock()
    flow = slow(clock)
    inner, message = flow.pipeline, Message
    flow.pipeline = Stubborn(  # type: ignore[assignment]
        lambda: inner.scan(message("x", None, b""), EVERYBODY)  # type: ignore[arg-type]
    )
    wire = connected(door(flow), clock)
    wire.say(CHECK)
    wire.lose()
    assert wire.value() == b""
    assert not clock.getDelayedCalls()


async def test_stranger_is_reset() -> None:
    """Without the right to scan there is not even an error line."""
    flow = stub_flow()
    wire = connected(door(flow), peer=STRANGER)
    assert (wire.value(), wire.end()) == (b"", End.RST)
    wire.say(CHECK)
    assert wire.value() == b""
    wire.lose()
    assert values(flow.metrics, "sc_refused_total") == {("spamd", "reset"): 1.0}


async def test_nonsense_is_counted() -> None:
    """A client that speaks something else is one of the refused."""
    flow = stub_flow()
    wire = connected(door(flow))
    wire.say(b"GET / HTTP/1.1\r\n")
    wire.lose()
    assert values(flow.metrics, "sc_refused_total") == {("spamd", "bad_request"): 1.0}


async def test_network_with_the_right_is_served() -> None:
    """The right to scan is given by network."""
    rule = NetworkRights(ip_network("192.0.2.0/24"), (Right.SCAN,))
    access = Access(AccessSettings(networks=(rule,)))
    wire = connected(door(access=access), peer=STRANGER)
    wire.say(CHECK)
    assert wire.value() == HAM
    wire.lose()


def join(factory: SpamdFactory) -> Wire:
    protocol = factory.buildProtocol(None)
    wire = Wire(protocol)
    protocol.makeConnection(wire)
    return wire


async def test_too_many_connections() -> None:
    """One above the cap is reset; when one leaves, the next is served."""
    factory = SpamdFactory(door(), Clock())
    first, second, third = join(factory), join(factory), join(factory)
    assert third.end() is End.RST
    third.lose()
    first.lose()
    fourth = join(factory)
    fourth.say(CHECK)
    assert fourth.value() == HAM
    second.lose()
    fourth.lose()
    assert not factory.crowd


async def test_drain() -> None:
    """When we stop, who has asked gets the answer, and who has not is hung up on."""
    clock = Clock()
    factory = SpamdFactory(door(slow(clock, 5)), clock)
    idle, busy = join(factory), join(factory)
    busy.say(CHECK)
    drained = start(factory.crowd.leave())
    assert (idle.aborted, busy.aborted) == (True, False)
    idle.lose()
    clock.advance(5)
    assert busy.value() == HAM
    assert not drained
    busy.lose()
    assert drained
    assert not clock.getDelayedCalls()


async def test_drain_has_a_limit() -> None:
    """A scan that does not end does not keep us from stopping."""
    clock = Clock()
    factory = SpamdFactory(door(slow(clock)), clock)
    busy = join(factory)
    busy.say(CHECK)
    drained = start(factory.crowd.leave())
    clock.advance(20)
    assert busy.aborted
    busy.lose()
    assert drained


def start(work: Awaitable[None]) -> list[object]:
    """Begin; the list is filled when it has ended."""
    done: list[object] = []
    Deferred.fromCoroutine(work).addBoth(done.append)  # type: ignore[arg-type]
    return done


async def test_settings_refuse_nonsense() -> None:
    """A limit of nothing is refused with the name of the field."""
    with pytest.raises(ValueError, match="connections"):
        evolve(SpamdLimits(), connections=0)
