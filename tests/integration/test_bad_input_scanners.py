"""A scanner that fails in the middle of a message, seen from the doors of the daemon.

The verdict names it, `on_error` decides, and the next message is scanned again.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from attrs import define

from tests.fakes.clamd import FakeClamd
from tests.fakes.faults import Fault, FaultyProtocol, serving
from tests.fakes.spamd import FakeSpamd
from tests.integration.daemon import PATIENCE, Daemon, pause, running
from tests.integration.raw_client import http, spamc, talk, transaction

MAIL = b"Subject: x\r\n\r\nbody\r\n"
FAULTS = [Fault.HANG, Fault.RESET, Fault.DRIP, Fault.OVERSIZE, Fault.TRUNCATE]
FAKES: dict[str, Callable[..., FaultyProtocol]] = {
    "clamav": FakeClamd,
    "spamassassin": FakeSpamd,
}
Scan: TypeAlias = dict[str, Any]


@define
class Peer:
    """@ivar fault: of every message from now on; pings are answered."""

    fault: Fault | None


@asynccontextmanager
async def scanned_by(
    name: str, folder: Path, fault: Fault, on_error: str = ""
) -> AsyncIterator[tuple[Daemon, Peer]]:
    """The daemon in front of a fake of this scanner."""
    peer = Peer(fault)
    options = "enabled: true, timeout: 0.5" + (on_error and f", on_error: {on_error}")
    async with serving(lambda: FAKES[name](peer.fault, pings=True)) as (address, _):
        config = (
            "health: {probe_interval: 0.2, retry_interval: 0.1}\n"
            "policy: {quarantine_address: aside@example.org}\n"
            f"scanners: {{{name}: {{{options}, servers: ['{address}']}}}}\n"
        )
        async with running(folder, config) as daemon:
            yield daemon, peer
            assert "Traceback" not in daemon.log


async def scan(daemon: Daemon) -> Scan:
    answer = await talk(daemon.ports["http"], http("/v1/scan", MAIL))
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    found: Scan = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def of(name: str, found: Scan) -> Scan:
    (scanner,) = [s for s in found["scanners"] if s["name"] == name]
    return dict(scanner)


async def recovered(daemon: Daemon, name: str) -> Scan:
    """The first verdict in which the scanner has its say again."""
    for _ in range(int(PATIENCE / 0.1)):
        found = await scan(daemon)
        if of(name, found)["state"] == "done":
            return found
        await pause(0.1)
    pytest.fail(f"{name} stays away:\n{daemon.log}")


@pytest.mark.parametrize("fault", FAULTS)
async def test_clamd_fails(tmp_path: Path, fault: Fault) -> None:
    """Nobody looked for a virus: come again; and then somebody does."""
    async with scanned_by("clamav", tmp_path, fault) as (daemon, peer):
        found = await scan(daemon)
        assert of("clamav", found)["state"] == "error"
        assert of("clamav", found)["error"] not in ("", "internal error")
        assert (found["action"], found["reason"]) == ("soft reject", "unscanned")
        await daemon.saw("errors=clamav:")
        peer.fault = None
        assert (await recovered(daemon, "clamav"))["action"] == "no action"


@pytest.mark.parametrize("fault", FAULTS)
async def test_spamd_fails(tmp_path: Path, fault: Fault) -> None:
    """Mail goes on without SpamAssassin's word, and says so."""
    async with scanned_by("spamassassin", tmp_path, fault) as (daemon, peer):
        found = await scan(daemon)
        assert of("spamassassin", found)["state"] == "error"
        assert of("spamassassin", found)["error"] not in ("", "internal error")
        assert found["action"] == "no action"
        assert "SC_UNSCANNED_SPAMASSASSIN" in [s["name"] for s in found["symbols"]]
        peer.fault = None
        again = await recovered(daemon, "spamassassin")
        assert "SC_UNSCANNED_SPAMASSASSIN" not in [s["name"] for s in again["symbols"]]


@pytest.mark.parametrize("on_error", ["tempfail", "accept", "quarantine"])
async def test_on_error(tmp_path: Path, on_error: str) -> None:
    """The operator's word, whatever the scanner."""
    actions = {"tempfail": "soft reject", "accept": "no action"}
    async with scanned_by("spamassassin", tmp_path, Fault.RESET, on_error) as (
        daemon,
        _,
    ):
        found = await scan(daemon)
        assert found["action"] == actions.get(on_error, on_error)


async def test_other_doors_tempfail(tmp_path: Path) -> None:
    """451 at LMTP and SMTP, a reset for spamc, `soft reject` for Exim: never ham."""
    async with scanned_by("clamav", tmp_path, Fault.RESET) as (daemon, _):
        ports = daemon.ports
        assert b"\r\n451 4." in await talk(ports["lmtp"], transaction(MAIL))
        assert b"\r\n451 4." in await talk(ports["smtp"], transaction(MAIL, "EHLO"))
        assert not await talk(ports["spamd"], spamc("CHECK", MAIL), half=True)
        rspamc = await talk(ports["spamd"], spamc("CHECK", MAIL, "RSPAMC/1.3"))
        assert b"\r\nAction: soft reject\r\n" in rspamc


async def test_it_hangs_when_probed(tmp_path: Path) -> None:
    """A scanner that never answered anything holds neither the start nor a scan up."""
    async with serving(lambda: FakeClamd(Fault.HANG)) as (address, _):
        config = (
            "health: {probe_timeout: 0.3}\n"
            f"scanners: {{clamav: {{enabled: true, servers: ['{address}']}}}}\n"
        )
        async with running(tmp_path, config) as daemon:
            assert "scanner: clamav failing" in daemon.log
            found = await scan(daemon)
            assert of("clamav", found)["error"] == "down"
            assert found["action"] == "soft reject"


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GARBAGE])
async def test_one_of_two_servers_fails(tmp_path: Path, fault: Fault) -> None:
    """The other one does its work: no message is without an answer, then or later."""
    peer = Peer(None)
    pool = "enabled: true, maxerrors: 2, error_time: 3600, dead_time: 0.5"
    async with (
        serving(lambda: FakeClamd(peer.fault)) as (first, _),
        serving(FakeClamd) as (second, _),
    ):
        config = (
            "health: {probe_interval: 0.5, probe_timeout: 20}\n"
            f"scanners: {{clamav: {{{pool}, servers: ['{first}', '{second}']}}}}\n"
        )
        async with running(tmp_path, config) as daemon:
            for peer.fault, state in ((fault, "failing"), (None, "up")):
                await until_first_server(daemon, state)
            await daemon.saw(f"server {first} is left alone")
            await daemon.saw(f"server {first} is back")
            assert "scanner clamav is down" not in daemon.log


async def until_first_server(daemon: Daemon, state: str) -> None:
    """Scan on and on, until the status page says this of the first server."""
    path = b"GET /status/scannersAvailable HTTP/1.0\r\nHost: localhost\r\n\r\n"
    for _ in range(int(PATIENCE / 0.1)):
        assert of("clamav", await scan(daemon))["state"] == "done"
        answer = await talk(daemon.ports["http"], path)
        scanners = json.loads(answer.partition(b"\r\n\r\n")[2])["scanners"]
        if scanners["clamav"]["servers"][0]["state"] == state:
            return
        await pause(0.1)
    pytest.fail(f"the first server never is {state}:\n{daemon.log}")
