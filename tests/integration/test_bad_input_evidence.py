"""Messages whose evidence is too much, or none, with `send`: the answer, the mails, and
who else is answered meanwhile."""

from pathlib import Path

import pytest

from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE
from tests.integration.pulse import pulse
from tests.integration.reports import DESK, SEND, SPAM, Said, World, reporting

OTHER = "abuse@hosting.example"
LINK = b"http://spamvertised.example/%d\r\n"
HEAD, _, _ = SPAM.partition(b"\r\n\r\n")
RECEIVED, _, REST = HEAD.partition(b"From: ")
BETWEEN = (
    b"Received: from a.example.org ([10.0.0.1])\r\n"
    b"\tby mx.example.org with ESMTP; Mon, 4 May 2026 12:30:01 +0000\r\n"
)


def patient(config: str) -> str:
    return config.replace("wait: 5", f"wait: {PATIENCE:.0f}")


async def told(world: World, message: bytes) -> Said:
    """The answer; somebody else is answered meanwhile."""
    async with pulse(world.daemon.ports["http"]) as beats:
        said = await world.post(message, SEND)
    assert beats.answers
    return said


async def test_thirty_megabytes(tmp_path: Path) -> None:
    """The links at its beginning are found; what leaves is small, and says why."""
    message = HEAD + b"\r\n\r\n" + LINK % 1 + b"word word\r\n" * 2_800_000
    async with reporting(tmp_path, Script(), patient) as world:
        said = await told(world, message)
        assert set(said["complaints"]) == {DESK, OTHER}
        assert any("not read" in text for text in said["warnings"])
        await world.settles("sent", "sent")
        for mail in world.mails:
            assert len(mail.wire) < 20_000
            assert b"Only the header section is attached" in mail.wire


async def test_five_thousand_links(tmp_path: Path) -> None:
    """Twenty are told, the rest is counted, and that not all were kept is a warning."""
    links = b"".join(LINK % n for n in range(5000))
    async with reporting(tmp_path, Script(), patient) as world:
        said = await told(world, HEAD + b"\r\n\r\n" + links)
        (item,) = said["complaints"][OTHER]
        assert (len(item["links"]), item["count"]) == (20, 2000)
        assert any("links" in text for text in said["warnings"])
        await world.settles("sent", "sent")


@pytest.mark.parametrize(("hops", "desks"), [(50, [DESK]), (500, [])])
async def test_received(tmp_path: Path, hops: int, desks: list[str]) -> None:
    """Below a hundred hops of ours nobody looks for the relay: it may be forged."""
    async with reporting(tmp_path, Script(), patient) as world:
        said = await told(world, BETWEEN * hops + SPAM)
        assert list(said["complaints"]) == desks
        assert bool(said["warnings"]) == (not desks)
        assert said["abuse_report"]["sent"] is True


async def test_no_received(tmp_path: Path) -> None:
    """No relay, and a warning; the links are reported all the same."""
    async with reporting(tmp_path, Script(), patient) as world:
        said = await told(world, b"From: " + REST + b"\r\n\r\n" + LINK % 1)
        assert list(said["complaints"]) == [OTHER]
        assert any("no relay" in text for text in said["warnings"])
        await world.settles("sent")
