"""Our relay client and outbox against Postfix's own smtp-sink.

Mail: Relay (SMTP or LMTP, TCP or UNIX socket) -> smtp-sink -> one dump file a mail.
"""

import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from sc.maillog import MailLog
from sc.model.report import ReportState as S
from sc.net.relay import Delivery, Relay, RelayError, RelaySettings, relay_endpoint
from sc.outbox.outbox import Outbox
from sc.outbox.sender import Sender
from sc.outbox.settings import OutboxSettings
from sc.store.sqlite import SQLiteStore
from sc.wire.smtp_mail import Dialect
from tests.fakes.outbox import report
from tests.integration.daemon import free_port
from tests.programs import postfix_env, program

pytestmark = pytest.mark.peer

TIME = cast(IReactorTime, reactor)
EVERYTHING = bytes(range(1, 10)) + b"\x0b\x0c" + bytes(range(14, 256))
HEADER = b"Subject: dots\r\n\r\n"
BODY = b".\r\n..\r\n.a\r\n" + EVERYTHING + b"\r\n" + b"\r\n.\r\n" * 30_000


class _Sink(ProcessProtocol):
    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@asynccontextmanager
async def sink(
    folder: Path, *options: str, server: str = ""
) -> AsyncIterator[tuple[str, Path]]:
    """A running smtp-sink: where it listens, and where its dumps are."""
    path = program("smtp-sink")
    server = server or f"127.0.0.1:{free_port()}"
    dumps = folder / "dumps"
    dumps.mkdir()
    user = ["-u", "root"] if os.geteuid() == 0 else []
    address = f"unix:{server}" if server.startswith("/") else f"inet:{server}"
    argv = [path, *user, *options, "-d", f"{dumps}/%M.", address, "16"]
    process_ended = _Sink()
    process = reactor.spawnProcess(
        process_ended, path, argv, env={**os.environ, **postfix_env()}, path=str(folder)
    )
    try:
        await _until_listening(server)
        yield server, dumps
    finally:
        with suppress(ProcessExitedAlready):
            process.signalProcess("KILL")
        await process_ended.ended


async def _until_listening(server: str) -> None:
    for _ in range(200):
        with socket.socket(
            socket.AF_UNIX if server.startswith("/") else socket.AF_INET
        ) as probe:
            host, _, port = server.rpartition(":")
            where = server if server.startswith("/") else (host, int(port))
            if probe.connect_ex(where) == 0:
                return
        await deferLater(TIME, 0.02)
    pytest.fail(f"smtp-sink does not listen on {server}")


def relay_to(server: str, dialect: Dialect = Dialect.SMTP) -> Relay:
    settings = RelaySettings(server, dialect)
    return Relay(settings, relay_endpoint(settings, reactor), TIME, "us.example")


def taken(dumps: Path) -> list[bytes]:
    """What arrived, without smtp-sink's own header, which ends with a Received."""
    mails = []
    for file in sorted(dumps.iterdir()):
        own, _, mail = file.read_bytes().partition(b"Subject:")
        assert b"\nReceived: from us.example" in own
        mails.append(b"Subject:" + mail)
    return mails


def lines(octets: bytes) -> bytes:
    """As smtp-sink writes it: LF, and an empty line behind."""
    return octets.replace(b"\r\n", b"\n") + b"\n"


@pytest.mark.parametrize("options", [[], ["-p"], ["-e", "-8"]])
async def test_exact_octets(tmp_path: Path, options: Sequence[str]) -> None:
    """Every octet arrives, with pipelining, without it, and at an old server."""
    body = BODY if "-8" not in options else BODY.replace(EVERYTHING, b"ascii")
    async with sink(tmp_path, *options) as (server, dumps):
        delivery = Delivery("us@example.org", ("a@b.org", "c@d.org"), HEADER, body)
        replies = await relay_to(server).deliver(delivery)
        assert [reply.code for reply in replies] == [250, 250]
        assert taken(dumps) == [lines(HEADER + body)]


async def test_lmtp_socket(tmp_path: Path) -> None:
    """The same over LMTP and a UNIX socket, an answer for each recipient."""
    path = str(tmp_path / "sink")
    async with sink(tmp_path, "-L", server=path) as (server, dumps):
        delivery = Delivery("", ("a@b.org", "c@d.org", "e@f.org"), HEADER, BODY)
        replies = await relay_to(server, Dialect.LMTP).deliver(delivery)
        assert [reply.code for reply in replies] == [250] * 3
        assert taken(dumps) == [lines(HEADER + BODY)]


@pytest.mark.parametrize("option", ["-r", "-f"])
@pytest.mark.parametrize("command", ["mail", "rcpt", "data", "."])
async def test_refusals(tmp_path: Path, option: str, command: str) -> None:
    """4xx and 5xx at every step are the answer."""
    async with sink(tmp_path, option, command) as (server, _dumps):
        delivery = Delivery("us@example.org", ("a@b.org",), HEADER, b"x\r\n")
        (reply,) = await relay_to(server).deliver(delivery)
        assert reply.code == (450 if option == "-r" else 500)


@pytest.mark.parametrize(
    ("command", "uncertain"), [("mail", False), ("data", False), (".", True)]
)
async def test_disconnects(tmp_path: Path, command: str, uncertain: bool) -> None:
    """A relay that leaves without a word: in doubt only after the final dot."""
    async with sink(tmp_path, "-q", command) as (server, _dumps):
        delivery = Delivery("us@example.org", ("a@b.org",), HEADER, b"x\r\n")
        with pytest.raises(RelayError, match="closed") as caught:
            await relay_to(server).deliver(delivery)
        assert caught.value.uncertain is uncertain


async def test_eight_bit_refused(tmp_path: Path) -> None:
    """A relay without 8BITMIME gets no octets that it did not agree to."""
    async with sink(tmp_path, "-8") as (server, dumps):
        delivery = Delivery("us@example.org", ("a@b.org",), HEADER, b"\xff\r\n")
        (reply,) = await relay_to(server).deliver(delivery)
        assert reply.encode().startswith(b"554 5.6.3 ")
        assert taken(dumps) == []


async def test_outbox_to_sink(tmp_path: Path) -> None:
    """Twenty reports through store, outbox and sender: each arrives once."""
    async with sink(tmp_path) as (server, dumps):
        threads = cast(IReactorFromThreads, reactor)
        store = SQLiteStore(tmp_path / "store.db", threads, ThreadPool(0, 1))
        store.open()
        names = iter(range(100))
        settings = OutboxSettings()
        outbox = Outbox(store, TIME, lambda: str(next(names)), settings, MailLog())
        sender = Sender(outbox, relay_to(server), TIME)
        sender.startService()
        # Each key is added twice, at once.
        adding = [outbox.add(report(str(number // 2))) for number in range(40)]
        added = await DeferredList(map(Deferred.fromCoroutine, adding))
        ids = sorted({status.id for _, status in added})
        statuses = await outbox.wait(ids, 30.0)
        await sender.stopService()
        await store.close()
        assert [status.state for status in statuses] == [S.SENT] * 20
        assert taken(dumps) == [lines(report().mail)] * 20
