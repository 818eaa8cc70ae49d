"""The main job as a filter: LMTP in, scan, our fields, a real next hop, its replies.

swaks, smtp-source -> LMTP door of the whole daemon -> smtp-sink
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.daemon import Daemon, running
from tests.integration.doors import Mail
from tests.integration.doors_smtp import swaks
from tests.integration.engines import GTUBE
from tests.integration.postfix_tools import Sink, smtp_sink, smtp_source

pytestmark = pytest.mark.peer

CLEAN = (
    b"From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
    b"X-Spam: No\r\nX-SC-Id: forged\r\nSubject: lunch\r\n\r\n.dots\r\nSee you.\r\n"
)
SWAKS_AND_SINK = "\n\n\n"
"""Each of them adds an empty line at the end."""

BOTH = ("bob@example.net", "carol@example.net")


@asynccontextmanager
async def filtering(
    folder: Path, *options: str, protocol: str = "smtp"
) -> AsyncIterator[tuple[Daemon, Sink]]:
    async with smtp_sink(folder, *options) as sink:
        hop = f"next_hop: {{server: {sink.server}, protocol: {protocol}}}"
        lmtp = f"  lmtp: {{endpoint: PORT_lmtp, {hop}}}\n"
        async with running(folder, lmtp) as daemon:
            yield daemon, sink


async def test_filter(tmp_path: Path) -> None:
    """A clean mail goes on unchanged, under our fields; the forged ones are gone."""
    async with filtering(tmp_path) as (daemon, sink):
        replies = await swaks(
            daemon.ports["lmtp"], "LMTP", Mail(CLEAN, recipients=BOTH)
        )
        [arrived] = sink.messages()
    assert replies == ["250 2.0.0 Ok"] * 2
    text = arrived.replace(b"\r\n", b"\n").decode()
    assert "X-Rcpt-Args: <bob@example.net>\nX-Rcpt-Args: <carol@example.net>\n" in text
    [scanned] = re.findall(r"scanned id=(\w+) listener=lmtp .* rcpts=2 ", daemon.log)
    assert re.findall(r"^X-SC-Id: (.*)$", text, re.MULTILINE) == [scanned]
    assert re.findall(r"^X-Spam: (.*)$", text, re.MULTILINE) == ["No"]
    assert text.endswith("\nSubject: lunch\n\n.dots\nSee you." + SWAKS_AND_SINK)
    assert f"relayed id={scanned} rcpts=2 accepted=2 reply=250 2.0.0 Ok" in daemon.log


async def test_reject_after_the_queue(tmp_path: Path) -> None:
    """Behind a queue a rejected mail is marked and goes on: a refusal would bounce."""
    async with filtering(tmp_path) as (daemon, sink):
        mail = Mail(CLEAN + GTUBE + b"\r\n")
        assert await swaks(daemon.ports["lmtp"], "LMTP", mail) == ["250 2.0.0 Ok"]
        [arrived] = sink.messages()
    assert b"X-Spam-Action: reject" in arrived
    assert arrived.count(b"X-Spam: Yes") == 1


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        (("-r", "."), "450 4.3.0 Error: command failed"),
        (("-f", "."), "500 5.3.0 Error: command failed"),
    ],
)
async def test_the_next_hop_refuses(
    tmp_path: Path, options: tuple[str, ...], reply: str
) -> None:
    """Each recipient hears the next hop's own words."""
    async with filtering(tmp_path, *options, "-L", protocol="lmtp") as (daemon, _):
        mail = Mail(CLEAN, recipients=BOTH)
        assert await swaks(daemon.ports["lmtp"], "LMTP", mail) == [reply] * 2


async def test_the_next_hop_is_down(tmp_path: Path) -> None:
    """Without a next hop the client keeps its mail; it is back with the next try."""
    async with filtering(tmp_path) as (daemon, sink):
        hidden = tmp_path / "hidden"
        Path(sink.server).rename(hidden)
        [reply] = await swaks(daemon.ports["lmtp"], "LMTP", Mail(CLEAN))
        assert reply == "451 4.4.1 the next hop does not answer, try again later"
        hidden.rename(sink.server)
        assert await swaks(daemon.ports["lmtp"], "LMTP", Mail(CLEAN)) == [
            "250 2.0.0 Ok"
        ]
        assert len(sink.messages()) == 1


async def test_a_thousand_mails(tmp_path: Path) -> None:
    """smtp-source, ten sessions, two recipients each: none lost, none unmarked."""
    async with filtering(tmp_path) as (daemon, sink):
        options = ["-L", "-s", "10", "-m", "1000", "-l", "5000", "-r", "2", "-d"]
        sent = await smtp_source(*options, f"inet:127.0.0.1:{daemon.ports['lmtp']}")
        arrived = sink.messages()
    assert sent.code == 0, sent.err
    ids = [re.findall(rb"^X-SC-Id: (\w+)", mail, re.MULTILINE) for mail in arrived]
    assert len(arrived) == len({one for [one] in ids}) == 1000
    assert daemon.log.count("] scanned id=") == 1000
