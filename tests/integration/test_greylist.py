"""Greylisting with the whole daemon: a real Exim in front, a real Redis behind.

swaks -> Exim (acl_smtp_data) -> spamd door of the daemon -> 451, and then the mailbox
"""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration import engines
from tests.integration.daemon import pause, running
from tests.integration.doors import Mail, v1_scan
from tests.integration.exim import exim_folder
from tests.integration.exim import running as exim_with

pytestmark = pytest.mark.peer

LUNCH = b"From: a@example.org\r\nSubject: lunch\r\n\r\nSee you at noon.\r\n"
STRANGER = "11.22.33.44"
GREYLIST = "greylist: {enabled: true, which: all, delay: 1}\n"
DELAY = 1.5
"""Seconds: more than the daemon's; a slow machine only makes it longer."""


async def test_exim(tmp_path: Path) -> None:
    """The first attempt is told to come again, and the second one is delivered."""
    door = "  spamd: {endpoint: PORT_spamd, greylist: true}\n"
    async with running(tmp_path, door + GREYLIST) as daemon, exim_folder() as home:
        address = f"127.0.0.1 {daemon.ports['spamd']}"
        async with exim_with("spamd-rspamd-variant.conf", address, home) as exim:
            first = await exim.send_from(STRANGER, LUNCH)
            told = rb"^<\*\* 451[ -]This message comes from somebody new"
            assert re.search(told, first.out, re.M), first
            await daemon.saw(" action=soft_reject reason=greylisted ")
            await pause(DELAY)
            again = await exim.send_from(STRANGER, LUNCH)
            assert again.code == 0, again
            assert "Subject: lunch" in await exim.delivered()


@pytest.fixture(scope="module")
def redis() -> Iterator[engines.Engine]:
    with engines.redis() as engine:
        yield engine


async def test_nodes(tmp_path: Path, redis: engines.Engine) -> None:
    """What one node told to come again is let in by another."""
    extra = (
        f"  http: {{endpoint: PORT_http, greylist: true}}\n{GREYLIST}"
        f"cache: {{backend: redis, redis: {{server: '{redis.tcp}'}}, timeout: 10}}\n"
    )
    mail = Mail(LUNCH, client_ip=STRANGER)
    async with AsyncExitStack() as stack:
        nodes = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            node = running(tmp_path / name, extra)
            nodes.append(await stack.enter_async_context(node))
        first = await v1_scan(nodes[0], mail)
        assert (first["action"], first["reason"]) == ("soft reject", "greylisted")
        await pause(DELAY)
        again = await v1_scan(nodes[1], mail)
        assert (again["action"], again["reason"]) == ("no action", "clean")


async def test_without_its_cache(tmp_path: Path) -> None:
    """A cache that is down delays nothing, and the log says so once."""
    extra = (
        f"  http: {{endpoint: PORT_http, greylist: true}}\n{GREYLIST}"
        "cache: {backend: redis, redis: {server: '127.0.0.1:1'}}\n"
    )
    async with running(tmp_path, extra) as daemon:
        for _ in range(2):
            said = await v1_scan(daemon, Mail(LUNCH, client_ip=STRANGER))
            assert said["action"] == "no action"
            assert "SC_NOT_GREYLISTED" in said["symbols"]
        await daemon.saw("greylist: the cache keeps nothing, so no mail is delayed")
        assert daemon.log.count("greylist: the cache keeps nothing") == 1
