"""The LMTP and SMTP door between real clients and a real next hop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.flow import Flow
from sc.listeners.smtp.service import SmtpService
from sc.listeners.smtp.settings import Do, Route
from sc.net.relay import Relay, RelaySettings, relay_endpoint
from sc.wire.smtp_mail import Dialect
from tests.fakes.flow import SPAM, stub_flow
from tests.fakes.smtp_door import door, settings
from tests.integration.postfix_tools import Sink, smtp_sink, smtp_source
from tests.programs import Finished, program, run

pytestmark = pytest.mark.peer


@asynccontextmanager
async def listening(
    tmp_path: Path,
    protocol: str,
    flow: Flow,
    sink: Sink | None = None,
    hop: Dialect = Dialect.SMTP,
) -> AsyncIterator[str]:
    """A door on a socket in front of the sink; yields its path."""
    path = str(tmp_path / "door")
    routes = (Route("report@*", Do.REPORT),)
    given = settings(protocol, endpoint=(f"unix:{path}",), routes=routes)
    relay = None
    if sink is not None:
        there = RelaySettings(sink.server, hop)
        endpoint = relay_endpoint(there, reactor)
        relay = Relay(there, endpoint, reactor, "mx.example.org")
    service = SmtpService(reactor, reactor, door(given, flow, relay))
    service.privilegedStartService()
    service.startService()
    try:
        yield path
    finally:
        await service.stopService()


async def swaks(path: str, protocol: str, *options: str) -> Finished:
    """Send a message as an operator would by hand."""
    argv = [program("swaks"), "--socket", path, "--protocol", protocol]
    envelope = ["--from", "alice@example.com", "--helo", "client.example"]
    return await run([*argv, *envelope, *options])


async def test_swaks_by_lmtp(tmp_path: Path) -> None:
    """swaks -> LMTP -> smtp-sink: each recipient has its reply, and the fields."""
    async with (
        smtp_sink(tmp_path) as sink,
        listening(tmp_path, "lmtp", stub_flow(), sink) as path,
    ):
        sent = await swaks(path, "LMTP", "--to", "bob@example.org,carol@example.org")
    assert sent.code == 0, sent.out
    assert sent.out.count(b"<-  250 2.0.0 Ok") == 2
    (message,) = sink.messages()
    assert b"X-Spam-Action: no action\n" in message.replace(b"\r\n", b"\n")
    assert b"This is a test mailing" in message


async def test_lmtp_to_lmtp(tmp_path: Path) -> None:
    """swaks -> LMTP -> smtp-sink as an LMTP server: all the way for each recipient."""
    async with (
        smtp_sink(tmp_path, "-L") as sink,
        listening(tmp_path, "lmtp", stub_flow(), sink, Dialect.LMTP) as path,
    ):
        sent = await swaks(path, "LMTP", "--to", "bob@example.org,carol@example.org")
    assert sent.code == 0, sent.out
    assert len(sink.messages()) == 1


async def test_swaks_without_a_next_hop(tmp_path: Path) -> None:
    """swaks to a fresh install: told what was found, and that it was not delivered."""
    async with listening(tmp_path, "lmtp", stub_flow(SPAM)) as path:
        sent = await swaks(path, "LMTP", "--to", "bob@example.org")
    assert b"451 4.3.5 scanned, not delivered: reject 15.00" in sent.out
    assert sent.code != 0


async def test_swaks_reports(tmp_path: Path) -> None:
    """swaks to a report route: 250 when the report is committed."""
    flow = stub_flow()
    async with listening(tmp_path, "lmtp", flow) as path:
        sent = await swaks(path, "LMTP", "--to", "report@example.org")
    assert sent.code == 0
    assert b"250 2.0.0 report taken id-1" in sent.out
    assert len(flow.reporting.accepted) == 1


async def test_swaks_by_smtp(tmp_path: Path) -> None:
    """swaks -> ESMTP, pipelined -> smtp-sink that refuses: its own words."""
    async with (
        smtp_sink(tmp_path, "-r", ".") as sink,
        listening(tmp_path, "smtp", stub_flow(), sink) as path,
    ):
        options = ["--to", "bob@example.org", "--pipeline"]
        sent = await swaks(path, "ESMTP", *options)
    assert b"<** 450 4.3.0 Error: command failed" in sent.out
    assert sent.code != 0


@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
async def test_a_thousand_messages(tmp_path: Path, protocol: str) -> None:
    """smtp-source, ten sessions -> smtp-sink: none lost, none unmarked."""
    flow = stub_flow()
    async with (
        smtp_sink(tmp_path) as sink,
        listening(tmp_path, protocol, flow, sink) as path,
    ):
        lmtp = ["-L"] if protocol == "lmtp" else []
        options = ["-s", "10", "-m", "1000", "-l", "5000", "-r", "2", "-d"]
        sent = await smtp_source(*lmtp, *options, f"unix:{path}")
        taken = sink.messages()
    assert sent.code == 0, sent.err
    assert len(taken) == len(flow.seen) == 1000
    assert all(b"X-SC-Id:" in message for message in taken)


async def test_next_hop_down(tmp_path: Path) -> None:
    """A next hop that is gone: the client keeps its mail."""
    async with listening(
        tmp_path, "lmtp", stub_flow(), Sink(str(tmp_path / "no"), tmp_path)
    ) as path:
        sent = await swaks(path, "LMTP", "--to", "bob@example.org")
    assert b"451 4.4.1 the next hop does not answer" in sent.out
