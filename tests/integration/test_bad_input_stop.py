"""SIGTERM in the middle of everything that answers at once: scans and deliveries.

What can be finished is finished, the rest is cut off within `drain_timeout`; nobody
is told that something was done which was not.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from tests.fakes.clamd import FakeClamd
from tests.fakes.faults import Fault, Serving, serving
from tests.fakes.smtp_relay import FakeRelay, Script
from tests.integration.daemon import PATIENCE, Daemon, pause, running
from tests.integration.raw_client import RawClient, client, http, spamc, transaction

REACTOR = cast(Any, reactor)
MAIL = b"Subject: x\r\n\r\nbody\r\n"
DOORS = {
    "http": http("/v1/scan", MAIL),
    "spamd": spamc("CHECK", MAIL),
    "lmtp": transaction(MAIL).removesuffix(b"QUIT\r\n"),
    "smtp": transaction(MAIL, "EHLO").removesuffix(b"QUIT\r\n"),
}
GOODBYE = b"\r\n421 4.3.2 stopping, try again later\r\n$"
DEFERRED = b"\r\n451 4.3.5 scanned, not delivered: soft reject [0-9.]+" + GOODBYE
UNSCANNED = {
    "http": b'^HTTP/1.1 200 .*"action": "soft reject"',
    "spamd": b"^$",
    "lmtp": DEFERRED,
    "smtp": DEFERRED,
}


def limits(drain: float, *doors: str, more: str = "") -> str:
    """A configuration of these doors, or of all."""
    options = f"limits: {{drain_timeout: {drain}}}{more}"
    return "".join(
        f"  {door}: {{endpoint: PORT_{door}, {options}}}\n" for door in doors or DOORS
    )


@asynccontextmanager
async def hanging_clamd(
    folder: Path, timeout: float, drain: float
) -> AsyncIterator[tuple[Daemon, Serving]]:
    """A daemon whose scans take `timeout` seconds."""
    async with serving(lambda: FakeClamd(Fault.HANG, pings=True)) as (address, clamd):
        options = f"enabled: true, timeout: {timeout}, servers: ['{address}']"
        config = f"{limits(drain)}scanners: {{clamav: {{{options}}}}}\n"
        async with running(folder, config) as daemon:
            yield daemon, clamd


async def stopped_in_the_middle(daemon: Daemon, raw: RawClient) -> None:
    """The client waited for something when the daemon was told to end."""
    assert not raw.finished
    daemon.signal(signal.SIGTERM)
    await stopped(daemon, raw)


async def stopped(daemon: Daemon, raw: RawClient) -> None:
    """It ends by its SIGTERM, and the client has heard all that it will."""
    assert await daemon.exited.addTimeout(PATIENCE, REACTOR) == -signal.SIGTERM
    await raw.end()
    assert "stopped" in daemon.log
    assert "Traceback" not in daemon.log, daemon.log


@pytest.mark.parametrize("door", DOORS)
async def test_scan_that_ends_in_time(tmp_path: Path, door: str) -> None:
    """A scan under way is answered, at the latest with what its deadline left."""
    async with (
        hanging_clamd(tmp_path, 1.0, 20.0) as (daemon, clamd),
        client(daemon.ports[door]) as raw,
    ):
        raw.say(DOORS[door])
        await asked(clamd)
        await stopped_in_the_middle(daemon, raw)
        await raw.hears(UNSCANNED[door])


@pytest.mark.parametrize("door", DOORS)
async def test_scan_that_does_not_end(tmp_path: Path, door: str) -> None:
    """One that takes longer than `drain_timeout` has no answer, and so is no ham."""
    async with (
        hanging_clamd(tmp_path, 30.0, 0.3) as (daemon, clamd),
        client(daemon.ports[door]) as raw,
    ):
        raw.say(DOORS[door])
        await asked(clamd)
        await stopped_in_the_middle(daemon, raw)
        last = raw.heard.splitlines()[-1:]
        assert last in ([], [b"354 end data with <CR><LF>.<CR><LF>"])


async def asked(clamd: Serving) -> None:
    """Return when clamd, once probed, has a message to look at."""
    while len(clamd.connections) < 2:
        await pause(0.05)


@pytest.mark.parametrize(("door", "hello"), [("lmtp", "LHLO"), ("smtp", "EHLO")])
async def test_data(tmp_path: Path, door: str, hello: str) -> None:
    """In the middle of a message: the rest is taken, answered, and then goodbye."""
    async with (
        running(tmp_path, limits(20.0, door)) as daemon,
        client(daemon.ports[door]) as raw,
    ):
        raw.say(transaction(MAIL, hello).removesuffix(b".\r\nQUIT\r\n"))
        await raw.hears(b"\r\n354 ")
        daemon.signal(signal.SIGTERM)
        await daemon.saw("stopping: doors close")
        raw.say(b".\r\n")
        await raw.hears(b"\r\n451 4.3.5 scanned[^\r]*" + GOODBYE)
        await stopped(daemon, raw)


@pytest.mark.parametrize(("door", "hello"), [("lmtp", "LHLO"), ("smtp", "EHLO")])
async def test_data_that_does_not_come(tmp_path: Path, door: str, hello: str) -> None:
    """A client that stays silent within a message is cut off; it keeps its mail."""
    async with (
        running(tmp_path, limits(0.3, door)) as daemon,
        client(daemon.ports[door]) as raw,
    ):
        raw.say(transaction(MAIL, hello).removesuffix(b".\r\nQUIT\r\n"))
        await raw.hears(b"\r\n354 ")
        await stopped_in_the_middle(daemon, raw)
        assert b"\r\n250 2.0.0" not in raw.heard


@asynccontextmanager
async def silent_hop(
    folder: Path, door: str, step: str, drain: float
) -> AsyncIterator[tuple[Daemon, RawClient, FakeRelay]]:
    """A delivery under way to a next hop that says nothing from `step` on."""
    hops: list[FakeRelay] = []

    def build() -> FakeRelay:
        hops.append(FakeRelay(Script(fault=Fault.HANG, fault_at=step)))
        return hops[-1]

    async with serving(build) as (address, _):
        config = limits(drain, door, more=f", next_hop: {{server: '{address}'}}")
        async with running(folder, config) as daemon, client(daemon.ports[door]) as raw:
            raw.say(DOORS[door])
            while not hops:
                await pause(0.05)
            await hops[0].faulted
            yield daemon, raw, hops[0]


@pytest.mark.parametrize("door", ["lmtp", "smtp"])
@pytest.mark.parametrize("step", ["greeting", "MAIL", "."])
async def test_delivery(tmp_path: Path, door: str, step: str) -> None:
    """A next hop that says nothing: no reply of ours either, so the mail stays."""
    async with silent_hop(tmp_path, door, step, 0.3) as (daemon, raw, _):
        await stopped_in_the_middle(daemon, raw)
        assert raw.heard.endswith(b"\r\n354 end data with <CR><LF>.<CR><LF>\r\n")


@pytest.mark.parametrize("door", ["lmtp", "smtp"])
async def test_delivery_that_ends_in_time(tmp_path: Path, door: str) -> None:
    """A next hop that takes the message while we stop: its word is passed on."""
    async with silent_hop(tmp_path, door, ".", 20.0) as (daemon, raw, hop):
        daemon.signal(signal.SIGTERM)
        await daemon.saw("stopping: doors close")
        hop.transport.write(b"250 2.0.0 taken late\r\n")
        await raw.hears(b"\r\n250 2.0.0 taken late" + GOODBYE)
        await stopped(daemon, raw)
