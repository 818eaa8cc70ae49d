"""kill -9 while a report is on its way: nothing is lost, nothing goes twice by itself.

Process: store -> outbox -> sender -> relay; killed when the relay has seen a command.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from sc.maillog import MailLog
from sc.model.report import ReportState as S
from sc.net.relay import Relay, RelaySettings, relay_endpoint
from sc.outbox.outbox import Outbox
from sc.outbox.sender import Sender
from sc.outbox.settings import OutboxSettings
from sc.store.choose import choose_store
from sc.store.settings import StoreSettings
from tests.fakes.faults import Fault, FaultyProtocol, serving
from tests.fakes.outbox import report
from tests.fakes.smtp_relay import FakeRelay, Script

ROOT = Path(__file__).resolve().parent.parent.parent
REACTOR = cast(Any, reactor)


class _Victim(ProcessProtocol):
    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


async def killed_at(step: str, place: str) -> FakeRelay:
    """What the relay had seen when the process was killed at `step`."""
    built: Deferred[FakeRelay] = Deferred()

    def build() -> FaultyProtocol:
        fake = FakeRelay(Script(fault=Fault.HANG, fault_at=step))
        built.callback(fake)
        return fake

    async with serving(build) as (address, _):
        victim = _Victim()
        argv = [sys.executable, "-m", "tests.integration.outbox_process"]
        process = REACTOR.spawnProcess(
            victim, argv[0], [*argv, place, address], env=os.environ, path=str(ROOT)
        )
        fake = await built.addTimeout(60.0, REACTOR)
        await fake.faulted
        os.kill(process.pid, signal.SIGKILL)
        await victim.ended
    return fake


@pytest.mark.parametrize("step", ["greeting", "MAIL", "DATA", "."])
async def test_kill(step: str, place: str) -> None:
    """Killed before the final dot: sent at the next start. After it: uncertain."""
    fake = await killed_at(step, place)
    mails: list[FakeRelay] = []

    def build() -> FaultyProtocol:
        mails.append(FakeRelay(Script()))
        return mails[-1]

    store = choose_store(StoreSettings(place), Path(), REACTOR)
    store.open()
    outbox = Outbox(store, REACTOR, lambda: "r2", OutboxSettings(), MailLog(), "node")
    async with serving(build) as (address, _):
        settings = RelaySettings(address)
        relay = Relay(settings, relay_endpoint(settings, reactor), REACTOR, "us")
        sender = Sender(outbox, relay, REACTOR)
        sender.startService()
        again = await outbox.add(report())
        assert (again.id, again.duplicate) == ("r1", True)
        (status,) = await outbox.wait(["r1"], 30.0)
        if step == ".":
            assert (status.state, mails) == (S.UNCERTAIN, [])
            await outbox.retry("r1")
            (status,) = await outbox.wait(["r1"], 30.0)
            assert mails[0].mails[0].wire == fake.mails[0].wire
        assert status.state is S.SENT
        assert [len(m.mails) for m in mails] == [1]
        await sender.stopService()
    await store.close()
