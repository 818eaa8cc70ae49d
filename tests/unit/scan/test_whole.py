"""Registry, health, pipeline and policy together, over fake clamd and spamd."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.decision import Action, Decision, Reason
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.status import Health
from sc.scan.health import ScannerWatch
from sc.scan.pipeline import ScanPipeline
from sc.scan.policy import ScanPolicy, scanner_policies
from sc.scanners.clamav import ClamAVSettings
from sc.scanners.registry import ScannersSettings, build_scanners
from sc.scanners.spamassassin import SpamAssassinSettings
from tests.fakes.clamd import FakeClamd
from tests.fakes.faults import AFTER_CONNECT, Fault, FaultyProtocol, refusing, serving
from tests.fakes.ground import ground
from tests.fakes.spamd import FakeSpamd
from tests.integration.engines import EICAR, GTUBE
from tests.unit.scan.scanners import Memory

CLOCK = cast(Any, reactor)
HEAD = (
    b"Date: Wed, 18 Nov 2020 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"From: alice@example.org\r\nSubject: x\r\n\r\n"
)


class Site:
    """A daemon without its doors."""

    def __init__(self, clamd: str, spamd: str, *seen: str) -> None:
        settings = ScannersSettings(
            clamav=ClamAVSettings(servers=(clamd,), timeout=0.5),
            spamassassin=SpamAssassinSettings(servers=(spamd,), timeout=0.5),
        )
        entries = build_scanners(settings, ground(clock=CLOCK))
        self.memory = Memory(*seen)
        self.watch = ScannerWatch(entries, self.memory, CLOCK)
        self.pipeline = ScanPipeline(entries, self.watch, CLOCK)
        self.policy = ScanPolicy(scanners=scanner_policies(settings.by_name))

    async def decide(self, body: bytes) -> Decision:
        message = Message("m1", Envelope(), HEAD + body)
        verdict = await self.pipeline.scan(message)
        return self.policy.decide(verdict, message.envelope, None)


@asynccontextmanager
async def site(clamd: str, spamd: str, *seen: str) -> AsyncIterator[Site]:
    made = Site(clamd, spamd, *seen)
    await made.watch.start()
    try:
        yield made
    finally:
        await made.watch.stop()


@pytest.mark.parametrize(
    ("body", "action", "reason"),
    [
        (b"hello\r\n", Action.NO_ACTION, Reason.CLEAN),
        (GTUBE, Action.REJECT, Reason.TEST),
        (EICAR, Action.REJECT, Reason.VIRUS),
    ],
)
async def test_all_up(body: bytes, action: Action, reason: Reason) -> None:
    """With everything up a harmless message passes, GTUBE and EICAR do not."""
    async with (
        serving(FakeClamd) as (clamd, _),
        serving(FakeSpamd) as (spamd, _),
        site(clamd, spamd) as daemon,
    ):
        decision = await daemon.decide(body)
        assert daemon.memory.names >= {"patterns", "clamav", "spamassassin"}
    assert (decision.action, decision.reason) == (action, reason)


async def test_fresh_machine() -> None:
    """Where no scanner was ever seen, the built-ins alone decide."""
    async with refusing() as nobody, site(nobody, nobody) as daemon:
        assert (await daemon.decide(b"hello")).reason is Reason.CLEAN
        assert (await daemon.decide(GTUBE)).action is Action.REJECT
        healths = {s.name: s.health for s in daemon.watch.statuses()}
    assert (healths["clamav"], healths["spamassassin"]) == (
        Health.ABSENT,
        Health.ABSENT,
    )


async def test_clamd_vanished() -> None:
    """Where clamd was seen before, its absence delays mail, but not a test string."""
    async with refusing() as nobody, site(nobody, nobody, "clamav") as daemon:
        assert (await daemon.decide(b"hello")).action is Action.SOFT_REJECT
        assert (await daemon.decide(EICAR)).reason is Reason.VIRUS


@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_clamd_answers_pings_only(fault: Fault) -> None:
    """Whatever clamd does with a message, it is never clean, and spamd still counts."""

    def clamd() -> FaultyProtocol:
        return FakeClamd(fault, pings=True)

    async with (
        serving(clamd) as (address, _),
        serving(FakeSpamd) as (spamd, _),
        site(address, spamd) as daemon,
    ):
        decision = await daemon.decide(b"hello\r\n")
    assert (decision.action, decision.reason) == (Action.SOFT_REJECT, Reason.UNSCANNED)
    names = [s.name for s in decision.symbols]
    assert names == ["SC_UNSCANNED_CLAMAV", "SPAMASSASSIN", "SA_NO_RELAYS"]
