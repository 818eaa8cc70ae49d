"""Lone CR and LF around a dot: nobody smuggles a second message past us.

Mail: raw client -> LMTP or SMTP door -> real smtp-sink -> one file for each message.
smtp-sink takes LF for a line end as well, so what it made of our octets is what the
most lenient next hop would.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted

from tests.integration.daemon import Daemon, running
from tests.integration.postfix_tools import Sink, smtp_sink
from tests.integration.raw_client import RawClient, client, talk

pytestmark = pytest.mark.peer

BEGIN = b"%s x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<first@c.example>\r\nDATA\r\n"
SMUGGLED = (
    b"MAIL FROM:<ceo@b.example>\r\nRCPT TO:<victim@c.example>\r\nDATA\r\n"
    b"Subject: smuggled\r\n\r\nhello\r\n"
)
END = b"\r\n.\r\nQUIT\r\n"
DOORS = [("lmtp", b"LHLO"), ("smtp", b"EHLO")]
TRICKS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "CR.LF": b"\r.\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "CRLF.NUL": b"\r\n.\x00\r\n",
    "LFCR.LFCR": b"\n\r.\n\r",
    "LFLF..LF": b"\n\n..\n",
    "stuffed": b"\r\n..\r\n",
}


@pytest_twisted.async_yield_fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    async with smtp_sink(tmp_path) as sink:
        yield sink


@pytest_twisted.async_yield_fixture
async def daemon(sink: Sink, tmp_path: Path) -> AsyncIterator[Daemon]:
    hop = f"next_hop: {{server: {sink.server}}}"
    config = "".join(
        f"  {door}: {{endpoint: PORT_{door}, {hop}}}\n" for door, _ in DOORS
    )
    async with running(tmp_path, config) as daemon:
        yield daemon


def body_of(delivered: bytes) -> list[bytes]:
    """The lines behind the header section."""
    return delivered.replace(b"\r\n", b"\n").partition(b"\n\n")[2].split(b"\n")


@pytest.mark.parametrize(("door", "hello"), DOORS)
async def test_no_line_end_but_crlf(
    daemon: Daemon, sink: Sink, door: str, hello: bytes
) -> None:
    """Whatever stands around the dot, what follows it is text of the one message."""
    for name, trick in TRICKS.items():
        taken = len(sink.messages())
        said = BEGIN % hello + b"Subject: " + name.encode() + b"\r\n\r\nbefore"
        answer = await talk(daemon.ports[door], said + trick + SMUGGLED + b"." + END)
        assert answer.count(b"\r\n250 2.0.0 Ok") == 1, name
        assert answer.endswith(b"\r\n221 2.0.0 bye\r\n"), name
        messages = sink.messages()
        assert len(messages) == taken + 1, name
        (mail,) = [m for m in messages if b"Subject: " + name.encode() in m]
        assert b"MAIL FROM:<ceo@b.example>" in b"\n".join(body_of(mail)), name
        assert b"victim" not in mail.partition(b"Subject:")[0], name
        assert b"\r" not in mail.replace(b"\r\n", b""), name
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize(("door", "hello"), DOORS)
@pytest.mark.parametrize("cut", range(1, 5))
async def test_the_end_in_two_segments(
    daemon: Daemon, sink: Sink, door: str, hello: bytes, cut: int
) -> None:
    """The real end of data counts, wherever the network cuts it."""
    end = b"\r\n.\r\n"
    async with client(daemon.ports[door]) as raw:
        raw.say(BEGIN % hello + b"Subject: cut\r\n\r\n..text" + end[:cut])
        await raw.hears(b"\r\n354 ")
        raw.say(end[cut:])
        await raw.hears(b"\r\n250 2.0.0 Ok\r\n$")
        await quits(raw)
    (mail,) = sink.messages()
    assert body_of(mail)[0] == b".text"


async def quits(raw: RawClient) -> None:
    raw.say(b"QUIT\r\n")
    assert (await raw.end()).endswith(b"221 2.0.0 bye\r\n")


@pytest.mark.parametrize(("door", "hello"), DOORS)
async def test_stuffing_is_exact(
    daemon: Daemon, sink: Sink, door: str, hello: bytes
) -> None:
    """Dots at the start of lines come out as they went in, one, two and three."""
    text = b"Subject: dots\r\n\r\n..\r\n...\r\n....x\r\n"
    await talk(daemon.ports[door], BEGIN % hello + text + b".\r\nQUIT\r\n")
    (mail,) = sink.messages()
    assert body_of(mail)[:3] == [b".", b"..", b"...x"]


@pytest.mark.parametrize(("door", "hello"), DOORS)
async def test_commands_end_in_crlf_only(
    daemon: Daemon, door: str, hello: bytes
) -> None:
    """A command with a lone LF or CR inside is refused, and begins no transaction."""
    for line_end in (b"\n", b"\r"):
        said = hello + b" x\r\nMAIL FROM:<a@b.example>" + line_end
        said += b"RCPT TO:<c@d.example>\r\nDATA\r\nQUIT\r\n"
        answer = await talk(daemon.ports[door], said)
        assert b"\r\n354 " not in answer
        assert answer.endswith(b"\r\n221 2.0.0 bye\r\n")
