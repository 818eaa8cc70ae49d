"""SIGTERM and kill -9 while a report is looked up or sent: never gone, never twice.

Process: HTTP or LMTP -> store -> RDAP -> outbox -> relay; ended in the middle, started
again on the same state folder.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from tests.fakes.faults import Fault
from tests.fakes.internet import NETWORKS
from tests.fakes.rdap import FakeRDAP
from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE, pause
from tests.integration.raw_client import client, http, transaction
from tests.integration.reports import (
    SEND,
    SPAM,
    Registry,
    World,
    asking,
    registry,
    reporting,
)

REACTOR = cast(Any, reactor)
SIGNALS = [signal.SIGTERM, signal.SIGKILL]
REPORTING = {
    "http": http("/", SPAM, SEND),
    "lmtp": transaction(SPAM, recipients=("spam@example.org",)),
}


@asynccontextmanager
async def silent_registry(folder: Path) -> AsyncIterator[tuple[World, Registry]]:
    """Every lookup hangs, until the test repairs it."""
    async with (
        registry(FakeRDAP(NETWORKS).answer, Fault.HANG) as found,
        reporting(folder, Script(), asking(found.base)) as world,
    ):
        yield world, found


async def ended(world: World, number: signal.Signals) -> None:
    world.daemon.signal(number)
    code = await world.daemon.exited.addTimeout(PATIENCE, REACTOR)
    assert code == -number
    assert "Traceback" not in world.daemon.log, world.daemon.log


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("door", REPORTING)
async def test_while_it_is_looked_up(
    tmp_path: Path, number: signal.Signals, door: str
) -> None:
    """The committed request is finished by the next daemon, and sent once."""
    async with silent_registry(tmp_path) as (world, found):
        async with client(world.daemon.ports[door]) as raw:
            raw.say(REPORTING[door])
            while not found.requests:
                await pause(0.05)
            assert await world.outbox() == []
            await ended(world, number)
            await raw.end()
        found.fault = None
        await world.restart()
        await world.settles("sent")
        assert len(world.mails) == 1
        again = (await world.post(SPAM, SEND))["abuse_report"]
        assert (again["duplicate"], again["sent"]) == (True, True)
        assert len(world.mails) == 1


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("step", ["greeting", "MAIL", "DATA"])
async def test_before_the_final_dot(
    tmp_path: Path, number: signal.Signals, step: str
) -> None:
    """The relay cannot have it: the next daemon sends it, once."""
    script = Script(fault=Fault.HANG, fault_at=step)
    async with reporting(tmp_path, script) as world:
        await asked_to_send(world)
        await ended(world, number)
        world.script = Script()
        await world.restart()
        await world.settles("sent")
        assert len(world.mails) == 1


@pytest.mark.parametrize("number", SIGNALS)
async def test_after_the_final_dot(tmp_path: Path, number: signal.Signals) -> None:
    """The relay may have it: uncertain, and not sent again by itself."""
    script = Script(fault=Fault.HANG, fault_at=".")
    async with reporting(tmp_path, script) as world:
        await asked_to_send(world)
        await ended(world, number)
        world.script = Script()
        await world.restart()
        (report,) = await world.settles("uncertain")
        assert report["reason"] == "the daemon stopped before the relay answered"
        assert len(world.mails) == len(world.relays) == 1


async def asked_to_send(world: World) -> None:
    """Return when the relay has a connection in which it says nothing more."""
    async with client(world.daemon.ports["http"]) as raw:
        raw.say(http("/", SPAM, SEND))
        while not world.relays:
            await pause(0.05)
        await world.relays[0].faulted


async def test_a_relay_that_answers_while_we_stop(tmp_path: Path) -> None:
    """SIGTERM lets an attempt end within `stop_timeout`: it is sent, not uncertain."""
    script = Script(fault=Fault.HANG, fault_at=".")

    def patient(config: str) -> str:
        return config.replace("stop_timeout: 0.5", "stop_timeout: 30")

    async with reporting(tmp_path, script, patient) as world:
        await asked_to_send(world)
        world.daemon.signal(signal.SIGTERM)
        await world.daemon.saw("stopping: doors close")
        world.relays[0].transport.write(b"250 2.0.0 taken late\r\n")
        await world.daemon.exited.addTimeout(PATIENCE, REACTOR)
        await world.restart()
        await world.settles("sent")
        assert len(world.mails) == 1
