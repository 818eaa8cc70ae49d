"""A clock that jumps under the running daemon: hours back, years forward, and home.

The daemon -> a relay that says "not now" until the test repairs it
"""

from pathlib import Path

import pytest

from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE, ROOT
from tests.integration.reports import SEND, SPAM, World, reporting

DAY = 86400
WEEK = 7 * DAY
"""More than a report may have to wait for its turn: that, nobody can tell apart."""
YEARS = 10 * 365 * DAY
NOT_NOW = Script(replies={"MAIL": b"451 4.7.1 not now\r\n"})


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seconds in this file are added to the daemon's clock; not to ours."""
    file = tmp_path / "clock"
    file.write_text("0")
    monkeypatch.setenv("SET_CLOCK", str(file))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/fakes/set_clock"))
    return file


def hasty(config: str) -> str:
    patient = config.replace("wait: 5", f"wait: {PATIENCE:.0f}")
    return patient.replace("outbox: {", "outbox: {retry_delays: [3], ")


async def reported(world: World, number: int) -> None:
    """Another message, with `send`."""
    said = await world.post(
        SPAM.replace(b"buy", b"buy %d" % number) + b"x" * number, SEND
    )
    assert said["complaints"]
    assert said["abuse_report"]["reports"]


async def test_back(tmp_path: Path, clock: Path) -> None:
    """What was to be tried again in seconds is not tried again a day later."""
    async with reporting(tmp_path, NOT_NOW, hasty) as world:
        await reported(world, 1)
        await world.settles("deferred")
        clock.write_text(str(-WEEK))
        await world.daemon.saw("the clock was set by -")
        world.script = Script()
        await world.settles("sent")
        await reported(world, 2)
        await world.settles("sent", "sent")
        assert len(world.mails) == 2


async def test_forward_and_home(tmp_path: Path, clock: Path) -> None:
    """Years ahead it goes on as today, and when it is home again, too."""
    async with reporting(tmp_path, Script(), hasty) as world:
        await reported(world, 1)
        await world.settles("sent")
        clock.write_text(str(YEARS))
        await world.daemon.saw("the clock was set by +")
        await reported(world, 2)
        await world.settles("sent")  # The first one's row is older than ten years.
        clock.write_text("0")
        await world.daemon.saw("the clock was set by -")
        await reported(world, 3)
        await world.settles("sent", "sent")
        assert len(world.mails) == 3
