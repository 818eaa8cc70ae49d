"""The whole daemon between a small internet and a relay that does what a test says."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias, cast

from attrs import define, field
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.service.tokens import NAME
from tests.fakes.faults import Fault, serving
from tests.fakes.smtp_relay import FakeRelay, Script, TakenMail
from tests.fakes.web import Answer, FakeWeb
from tests.integration.daemon import PATIENCE, Daemon, pause, running, spawn, stop
from tests.integration.internet import internet
from tests.integration.raw_client import http, talk

Said: TypeAlias = dict[str, Any]

DESK = "abuse@transit.example"
SEND = "X-SC-Abuse-Report: send"
SPAM = (
    b"Received: from relay.transit.example (relay.transit.example [11.22.33.44])\r\n"
    b"\tby mx.example.org with ESMTP; Mon, 4 May 2026 12:30:00 +0000\r\n"
    b"From: <spammer@spam.example>\r\nSubject: buy\r\n\r\nnow\r\n"
)
"""One relay, one desk, one report."""


@define
class Registry(FakeWeb):
    """@ivar fault: of its answers from now on."""

    fault: Fault | None = None


@asynccontextmanager
async def registry(answer: Answer, fault: Fault | None) -> AsyncIterator[Registry]:
    """A registry of the test's own; it can fail, and then no more."""
    found = Registry(answer, fault=fault)
    async with serving(lambda: found.peer(found.fault)) as (address, _):
        found.base = f"http://{address}/"
        yield found


def asking(base: str, more: str = "") -> Callable[[str], str]:
    """A configuration in which that one is asked about every network."""
    rates = "rate: 1000, burst: 1000"
    line = f"contacts: {{{rates}, rdap_bases: {{'*': '{base}'}}{more}}}"

    def changed(config: str) -> str:
        return re.sub(r"^contacts: .*$", lambda _: line, config, flags=re.MULTILINE)

    return changed


@define
class World:
    """
    @ivar script: what the relay does with the next connection.
    @ivar relays: all that were connected to.
    """

    script: Script
    folder: Path
    daemon: Daemon
    relays: list[FakeRelay] = field(factory=list)

    @property
    def mails(self) -> list[TakenMail]:
        """What the relay got as a whole."""
        return [mail for relay in self.relays for mail in relay.mails if mail.ended]

    async def post(self, message: bytes = SPAM, *fields: str) -> Said:
        """The answer to `POST /`."""
        said = http("/", message, *fields)
        answer = await talk(self.daemon.ports["http"], said)
        found: Said = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    async def outbox(self) -> list[Said]:
        """As the operator sees it."""
        found: list[Said] = (await self.get("/v1/outbox"))["reports"]
        return found

    async def get(self, path: str) -> Said:
        """What the operator is told there."""
        token = (self.daemon.state / NAME).read_text().strip()
        get = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        answer = await talk(self.daemon.ports["http"], get.encode())
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        found: Said = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    async def settles(self, *states: str) -> list[Said]:
        """Return when the outbox holds reports in these states, and no others."""
        found = await self.outbox()
        for _ in range(int(PATIENCE / 0.1)):
            if sorted(report["state"] for report in found) == sorted(states):
                return found
            await pause(0.1)
            found = await self.outbox()
        raise AssertionError(f"not {states} but {found}\n{self.daemon.log}")

    async def stopped(self) -> None:
        """SIGTERM, and the end."""
        await stop(self.daemon)

    async def restart(self) -> None:
        """The same state folder, the same file, the same ports."""
        old = self.daemon
        assert old.code is not None
        config = self.folder / "sc.yaml"
        self.daemon = spawn(config, old.ports, old.state)
        await self.daemon.ready.addTimeout(PATIENCE, cast(Any, reactor))


@asynccontextmanager
async def reporting(
    folder: Path, script: Script, extra: Callable[[str], str] = lambda text: text
) -> AsyncIterator[World]:
    """@param extra: gets the configuration, and returns the one to use."""
    world: World | None = None

    def build() -> FakeRelay:
        assert world is not None
        world.relays.append(FakeRelay(world.script))
        return world.relays[-1]

    async with serving(build) as (address, _), internet() as lines:
        config = (
            "  lmtp:\n    endpoint: PORT_lmtp\n"
            "    routes: [{recipient: 'spam@*', do: report}]\n"
            f"{lines}trusted_boundary: {{name: mx.example.org}}\n"
            f"abuse_report: {{from: abuse@example.org, smtp: '{address}', wait: 5}}\n"
            "outbox: {stop_timeout: 0.5}\n"
        )
        async with running(folder, extra(config)) as daemon:
            world = World(script, folder, daemon)
            try:
                yield world
            finally:
                await stop(world.daemon)
                assert "Traceback" not in world.daemon.log, world.daemon.log
