"""Every external scanner meets the seven faults; none of them is ham or clean."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, deferLater

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.clamav import ClamAVScanner, ClamAVSettings
from sc.scanners.dcc import DCCScanner, DCCSettings
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    Scanner,
    ScannerError,
)
from sc.scanners.maildmarc import MailDMARCScanner, MailDMARCSettings
from sc.scanners.rspamd import RspamdScanner, RspamdSettings
from sc.scanners.spamassassin import SpamAssassinScanner, SpamAssassinSettings
from tests.contract.icap import scanner as icap
from tests.contract.maildmarc import FORGED
from tests.contract.milter import scanner as milter
from tests.fakes.clamd import FakeClamd
from tests.fakes.dcc import FakeDccifd
from tests.fakes.faults import (
    AFTER_CONNECT,
    Fault,
    FaultyProtocol,
    refusing,
    serving,
)
from tests.fakes.icap import FakeICAP
from tests.fakes.inline_offload import inline
from tests.fakes.maildmarc import FakeMailDMARC
from tests.fakes.milter import FakeMilter
from tests.fakes.rspamd import FakeRspamd
from tests.fakes.senders import senders
from tests.fakes.spamd import FakeSpamd

MESSAGE = Message("m1", Envelope(), b"From: a@example.com\r\n\r\nhello\r\n")
REACTOR = cast(IReactorTime, reactor)
PATIENCE = 60.0
T = TypeVar("T")
Build = Callable[[str, Clock], Scanner]


def clamav(address: str, clock: Clock) -> Scanner:
    exchange = Exchange(clock, [client_endpoint(reactor, address)])
    settings = ClamAVSettings(servers=(address,), timeout=10.0)
    return ClamAVScanner(exchange, settings, Interface.NETWORK)


def spamassassin(address: str, clock: Clock) -> Scanner:
    exchange = Exchange(clock, [client_endpoint(reactor, address)])
    settings = SpamAssassinSettings(servers=(address,), timeout=10.0)
    return SpamAssassinScanner(exchange, settings, Interface.NETWORK)


def opendkim(address: str, clock: Clock) -> Scanner:
    return milter(address, clock=clock)


@asynccontextmanager
async def failing(
    fake: Callable[[Fault], FaultyProtocol], fault: Fault
) -> AsyncIterator[str]:
    if fault is Fault.REFUSE:
        async with refusing() as address:
            yield address
    else:
        async with serving(lambda: fake(fault)) as (address, _):
            yield address


def sockets() -> set[str]:
    """Of this process, by their inodes."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(entry.readlink()))
    return {name for name in found if name.startswith("socket:")}


async def ends(work: Deferred[T], clock: Clock) -> T:
    """Let real sockets and the fake clock go on together, for a bounded time."""
    for _ in range(500):
        if work.called:
            break
        await deferLater(reactor, 0.005)
        clock.advance(0.1)
    return await work


def rspamd(address: str, clock: Clock) -> Scanner:
    exchange = Exchange(clock, [client_endpoint(reactor, address)])
    settings = RspamdSettings(servers=(address,), timeout=10.0)
    return RspamdScanner(exchange, inline(), settings, Interface.NETWORK)


def dcc(address: str, clock: Clock) -> Scanner:
    exchange = Exchange(clock, [client_endpoint(reactor, address)])
    settings = DCCSettings(servers=(address,), timeout=10.0)
    return DCCScanner(exchange, settings, Interface.NETWORK)


def maildmarc(address: str, clock: Clock) -> Scanner:
    settings = MailDMARCSettings(servers=(address,), timeout=10.0)
    exchange = Exchange(clock, [client_endpoint(reactor, address)])
    return MailDMARCScanner(exchange, senders(), settings, Interface.NETWORK)


def gate(address: str, clock: Clock) -> Scanner:
    return icap(address, clock=clock)


PEERS = pytest.mark.parametrize(
    ("build", "fake"),
    [
        (clamav, FakeClamd),
        (spamassassin, FakeSpamd),
        (rspamd, FakeRspamd),
        (dcc, FakeDccifd),
        (maildmarc, FakeMailDMARC),
        (opendkim, FakeMilter),
        (gate, FakeICAP),
    ],
    ids=["clamav", "spamassassin", "rspamd", "dcc", "maildmarc", "milter", "icap"],
)


@PEERS
@pytest.mark.parametrize("fault", Fault)
async def test_scan(
    build: Build, fake: Callable[[Fault], FaultyProtocol], fault: Fault
) -> None:
    """A failing peer is an error of the scanner, with a sentence and no path."""
    clock = Clock()
    async with failing(fake, fault) as address:
        work = Deferred.fromCoroutine(build(address, clock).scan(MESSAGE, FORGED))
        with pytest.raises(ScannerError) as raised:
            await ends(work, clock)
    assert " " in str(raised.value)
    assert "/" not in str(raised.value)


@PEERS
@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_next_message(
    build: Build, fake: Callable[[Fault | None], FaultyProtocol], fault: Fault
) -> None:
    """The next message is scanned, and no connection and no timer is left of both."""
    before, clock, faults = sockets(), Clock(), [None, fault]
    async with serving(lambda: fake(faults.pop())) as (address, _):
        scanner = build(address, clock)
        work = Deferred.fromCoroutine(scanner.scan(MESSAGE, FORGED))
        with pytest.raises(ScannerError):
            await ends(work, clock)
        assert not clock.getDelayedCalls()
        # Only real time passes: nobody is cut off by the fake clock.
        again = Deferred.fromCoroutine(scanner.scan(MESSAGE, FORGED))
        await again.addTimeout(PATIENCE, REACTOR)
        assert not clock.getDelayedCalls()
    for _ in range(int(PATIENCE / 0.01)):
        if not sockets() - before:
            return
        await deferLater(reactor, 0.01)
    pytest.fail("a connection is left")


@pytest.mark.parametrize("fault", Fault)
async def test_next_server(fault: Fault) -> None:
    """In a pool another server answers in place of the one that fails."""
    clock = Clock()
    async with failing(FakeClamd, fault) as bad, serving(FakeClamd) as (good, _):
        endpoints = [client_endpoint(reactor, address) for address in (bad, good)]
        # The fake clock runs ahead of the sockets: only the first server may be late.
        settings = ClamAVSettings(servers=(bad, good), timeout=3000.0)
        exchange = Exchange(clock, endpoints, 1000.0)
        scanner = ClamAVScanner(exchange, settings, Interface.NETWORK)
        work = Deferred.fromCoroutine(scanner.scan(MESSAGE, {}))
        assert (await ends(work, clock)).passed == ("OK",)
        assert [s.error == "" for s in scanner.servers()] == [False, True]


@PEERS
@pytest.mark.parametrize("fault", Fault)
async def test_probe(
    build: Build, fake: Callable[[Fault], FaultyProtocol], fault: Fault
) -> None:
    """A failing peer fails a probe, too."""
    clock = Clock()
    async with failing(fake, fault) as address:
        work = Deferred.fromCoroutine(build(address, clock).probe())
        with pytest.raises(ScannerError):
            await ends(work, clock)


async def test_clamd_refuses_a_message() -> None:
    """clamd's own error concerns one message, and shows none of clamd's paths."""
    reply = b"stream: Can't allocate /tmp/clamav-x ERROR\0"
    async with serving(lambda: FakeClamd(reply=reply)) as (address, _):
        with pytest.raises(MessageRefusedError, match=r"allocate \(path\)$"):
            await clamav(address, Clock()).scan(MESSAGE, {})


async def test_spamd_refuses_a_message() -> None:
    """spamd's own error concerns one message, and is never ham."""
    reply = b"SPAMD/1.0 79 Timeout: (300 second timeout while trying to SYMBOLS)\r\n"
    async with serving(lambda: FakeSpamd(reply=reply)) as (address, _):
        with pytest.raises(MessageRefusedError, match="code 79"):
            await spamassassin(address, Clock()).scan(MESSAGE, {})


@pytest.mark.parametrize(
    ("scanner", "symbol"),
    [
        (
            ClamAVScanner(
                Exchange(Clock(), []), ClamAVSettings(max_octets=5), Interface.NETWORK
            ),
            "CLAMAV_TOO_LARGE",
        ),
        (
            SpamAssassinScanner(
                Exchange(Clock(), []),
                SpamAssassinSettings(max_octets=5),
                Interface.NETWORK,
            ),
            "SPAMASSASSIN_TOO_LARGE",
        ),
        (
            RspamdScanner(
                Exchange(Clock(), []),
                inline(),
                RspamdSettings(max_octets=5),
                Interface.NETWORK,
            ),
            "RSPAMD_TOO_LARGE",
        ),
        (
            DCCScanner(Exchange(Clock(), []), DCCSettings(max_octets=5), Interface.CLI),
            "DCC_TOO_LARGE",
        ),
    ],
)
async def test_too_large(scanner: Scanner, symbol: str) -> None:
    """A message above the configured size is left alone, and a symbol says so."""
    with pytest.raises(NotScannedError, match="larger than 5 octets") as raised:
        await scanner.scan(MESSAGE, {})
    assert raised.value.symbol is not None
    assert raised.value.symbol.name == symbol


@pytest.mark.parametrize(
    ("preferences", "header"),
    [
        ("joe@example.org", b"\r\nUser: joe@example.org\r\n"),
        (None, b"\r\nUser: site\r\n"),
        ("a\r\nX: y", b"\r\nUser: site\r\n"),
    ],
)
async def test_user(preferences: str | None, header: bytes) -> None:
    """A client's `User` goes on to spamd; a strange one does not."""
    async with serving(FakeSpamd) as (address, factory):
        exchange = Exchange(Clock(), [client_endpoint(reactor, address)])
        settings = SpamAssassinSettings(user="site")
        scanner = SpamAssassinScanner(exchange, settings, Interface.NETWORK)
        envelope = Envelope(preferences=preferences)
        await scanner.scan(Message("m", envelope, b"x\r\n"), {})
        [connection] = factory.connections
        assert isinstance(connection, FakeSpamd)
        assert header in connection.request
