"""Two hundred clients leave in the middle, at each door: nothing of them stays."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults

from tests.fakes.clamd import FakeClamd
from tests.fakes.faults import Fault, Serving, serving
from tests.integration.daemon import PATIENCE, Daemon, pause, running
from tests.integration.raw_client import client, http, spamc, talk, transaction

COUNT = 200
AT_ONCE = 20
BODY = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 20_000
SPILLED = BODY * 30
"""Above 1 MiB a message lies in a file, which is a descriptor more."""

UPLOADS = {
    "http": http("/scan", SPILLED),
    "http report": http("/", SPILLED),
    "spamd": spamc("CHECK", SPILLED),
    "lmtp": transaction(SPILLED),
    "smtp": transaction(SPILLED, "EHLO"),
}
MAIL = b"Subject: x\r\n\r\nbody\r\n"
WAITING = {
    "http": http("/scan", MAIL),
    "spamd": spamc("CHECK", MAIL),
    "lmtp": transaction(MAIL).removesuffix(b"QUIT\r\n"),
    "smtp": transaction(MAIL, "EHLO").removesuffix(b"QUIT\r\n"),
}


@pytest_twisted.async_yield_fixture(scope="module")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Daemon]:
    async with running(tmp_path_factory.mktemp("daemon")) as daemon:
        yield daemon


def pid(daemon: Daemon) -> int:
    assert daemon.transport is not None
    return int(daemon.transport.pid)


def descriptors(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{pid(daemon)}/fd").iterdir()))


def resident(daemon: Daemon) -> int:
    """Octets of memory."""
    status = Path(f"/proc/{pid(daemon)}/status").read_text()
    match = re.search(r"VmRSS:\s*(\d+) kB", status)
    assert match is not None
    return int(match[1]) * 1024


async def aborted(port: int, said: bytes, wait: float = 0.0) -> None:
    """Say it, and break off."""
    async with client(port) as raw:
        raw.say(said)
        await pause(wait)


async def many_aborted(port: int, pieces: Sequence[bytes], wait: float = 0.0) -> None:
    for start in range(0, len(pieces), AT_ONCE):
        some = pieces[start : start + AT_ONCE]
        leaving = [Deferred.fromCoroutine(aborted(port, p, wait)) for p in some]
        await gatherResults(leaving, consumeErrors=True)


async def back_to(daemon: Daemon, before: int) -> None:
    """Return when no descriptor is left over."""
    waited = 0.0
    while descriptors(daemon) > before:
        assert waited < PATIENCE, f"{before} descriptors, now {descriptors(daemon)}"
        waited += 0.05
        await pause(0.05)


async def all_left(clamd: Serving) -> None:
    """The daemon has closed its ends before the peer hears of the last one."""
    gone = [peer.lost for peer in clamd.connections]
    waiting = gatherResults(gone, consumeErrors=True)
    waiting.addTimeout(PATIENCE, reactor)
    await waiting


@pytest.mark.parametrize("name", UPLOADS)
async def test_in_the_upload(daemon: Daemon, name: str) -> None:
    """Cut anywhere in the head or in 1.2 MB of body: no descriptor, no memory stays."""
    port, whole = daemon.ports[name.split(maxsplit=1)[0]], UPLOADS[name]
    await many_aborted(port, [whole[:-1]] * AT_ONCE)
    before, memory = await settled(daemon), resident(daemon)
    cuts = [whole[: len(whole) * n // COUNT] for n in range(COUNT)]
    await many_aborted(port, cuts)
    await back_to(daemon, before)
    grown = resident(daemon) - memory
    print(f"{name}: {grown / 1024:.0f} KiB more")
    assert grown < COUNT * len(whole) // 10
    assert "Traceback" not in daemon.log


async def settled(daemon: Daemon) -> int:
    """How many descriptors there are when nobody is inside."""
    ports = daemon.ports
    assert b"EX_OK" in await talk(ports["spamd"], spamc("CHECK", MAIL), half=True)
    await pause(0.3)
    return descriptors(daemon)


@pytest.mark.parametrize("door", WAITING)
async def test_in_the_scan(tmp_path: Path, door: str) -> None:
    """Who leaves while a scanner works takes the scan along, and its connection."""
    async with serving(lambda: FakeClamd(Fault.HANG, pings=True)) as (address, clamd):
        options = f"enabled: true, timeout: 60, servers: ['{address}']"
        config = f"scanners: {{clamav: {{{options}}}}}\n"
        async with running(tmp_path, config) as daemon:
            before = descriptors(daemon)
            await many_aborted(daemon.ports[door], [WAITING[door]] * COUNT, 0.5)
            await back_to(daemon, before)
            assert len(clamd.connections) > COUNT // 2
            await all_left(clamd)
            assert "Traceback" not in daemon.log


async def test_before_the_first_octet(daemon: Daemon) -> None:
    """Who only connects, as monitors do, leaves nothing and is no news."""
    for door in WAITING:
        before, lines = descriptors(daemon), daemon.log.count("\n")
        await many_aborted(daemon.ports[door], [b""] * COUNT)
        await back_to(daemon, before)
        assert daemon.log.count("\n") == lines, door
