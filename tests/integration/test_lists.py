"""docs/lists.md's own lists: the whole daemon reads them, and keeps up with them."""

import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.daemon import ROOT, Daemon, running
from tests.integration.doors import Mail, v1_scan
from tests.programs import run
from tests.walkthrough import matches, steps

PAGE = ROOT / "docs" / "lists.md"
DENY_LIST = "/etc/sc/deny.list"
LUNCH = b"From: a@example.org\r\nSubject: lunch\r\n\r\nSee you at noon.\r\n"


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Daemon, Path]]:
    """With the page's configuration, and its file at another place."""
    text = PAGE.read_text()
    [config] = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    [entries] = re.findall(r"^```\n(# /etc/sc.*?)^```", text, re.M | re.S)
    path = folder / "deny.list"
    path.write_text(entries)
    config = config.replace(DENY_LIST, str(path)) + "  refresh: 1\n"
    async with running(folder, config) as daemon:
        yield daemon, path


async def action(daemon: Daemon, **envelope: str) -> tuple[str, str]:
    said = await v1_scan(daemon, Mail(LUNCH, **envelope))  # type: ignore[arg-type]  # texts only
    return said["action"], said["reason"]


async def test_the_page(tmp_path: Path) -> None:
    """An operator who types what the page says sees what it shows."""
    async with site(tmp_path) as (daemon, path):
        options = {
            "SC_URL": f"http://127.0.0.1:{daemon.ports['http']}",
            "SC_TOKEN": (daemon.state / "admin.token").read_text().strip(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        env = ["env", *(f"{name}={value}" for name, value in options.items())]
        for step in steps(PAGE):
            done = await run([*env, "sh", "-c", f"({step.command}) 2>&1"])
            printed = done.out.decode().replace(str(path), DENY_LIST)
            assert matches(step.output, printed), printed


async def test_what_follows(tmp_path: Path) -> None:
    """Allowed and denied, as the table says."""
    async with site(tmp_path) as (daemon, _):
        assert await action(daemon, client_ip="203.0.113.9") == ("reject", "listed")
        assert await action(daemon, user="joe") == ("reject", "listed")
        assert await action(daemon, client_ip="192.0.2.9") == ("no action", "listed")
        assert await action(daemon, client_ip="198.51.100.9") == ("no action", "clean")
        assert " action=reject reason=listed " in daemon.log


def replace(path: Path, text: str) -> None:
    """As the page says: nobody reads half of it."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


async def test_a_file_that_changes(tmp_path: Path) -> None:
    """What stands in it now holds; what is wrong changes nothing."""
    async with site(tmp_path) as (daemon, path):
        replace(path, "user jim\n")
        await daemon.saw("lists: 7 entries")
        assert await action(daemon, user="jim") == ("reject", "listed")
        assert await action(daemon, user="joe") == ("no action", "clean")
        replace(path, "usr jim\n")
        await daemon.saw("deny.list:1: must begin with one of network")
        assert await action(daemon, user="jim") == ("reject", "listed")
