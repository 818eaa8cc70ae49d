"""Bodies that are too long, or not as long as announced, at the doors of the daemon.

Each has a clear answer, and the next client is served.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_twisted

from tests.integration.daemon import ROOT, Daemon, pause, running
from tests.integration.raw_client import (
    RawClient,
    client,
    http,
    spamc,
    talk,
    transaction,
)

LIMIT = 64 * 1024
MAIL = b"Subject: x\r\n\r\nbody\r\n"
TIMES = "idle_timeout: 0.5, body_timeout: 1.5"
CONFIG = f"""
  http: {{endpoint: PORT_http, limits: {{message_size: {LIMIT}, {TIMES}}}}}
  spamd:
    endpoint: PORT_spamd
    limits: {{message_size: {LIMIT}, idle_timeout: 0.5, total_timeout: 1.5}}
  lmtp:
    endpoint: PORT_lmtp
    limits: {{message_size: {LIMIT}, command_timeout: 1.0, data_timeout: 1.5}}
"""
OVER = MAIL + b"x\r\n" * LIMIT
POST = b"POST /scan HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CHECK = b"CHECK SPAMC/1.5\r\n"
LMTP = transaction(b"").removesuffix(b".\r\nQUIT\r\n")


@pytest_twisted.async_yield_fixture(scope="module")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Daemon]:
    async with running(tmp_path_factory.mktemp("daemon"), CONFIG) as daemon:
        yield daemon


async def serves(daemon: Daemon) -> None:
    """All three doors go on."""
    ports = daemon.ports
    assert b" 200 OK" in await talk(ports["http"], http("/scan", MAIL))
    assert b"EX_OK" in await talk(ports["spamd"], spamc("CHECK", MAIL), half=True)
    assert b"451 4.3.5 scanned" in await talk(ports["lmtp"], transaction(MAIL))
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize("path", ["/scan", "/v1/scan", "/"])
async def test_http_over_the_limit(daemon: Daemon, path: str) -> None:
    """A body that is announced as too large is refused before it is read."""
    head = http(path, OVER).removesuffix(OVER)
    answer = await talk(daemon.ports["http"], head)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b'{"error": "the body is larger than 65536 octets"}')
    await serves(daemon)


async def test_spamc_over_the_limit(daemon: Daemon) -> None:
    """spamd's own answer for a message that is too large, after all of it."""
    answer = await talk(daemon.ports["spamd"], spamc("CHECK", OVER), half=True)
    assert answer.startswith(b"SPAMD/1.0 74 Message too large: ")
    await serves(daemon)


async def test_lmtp_over_the_limit(daemon: Daemon) -> None:
    """552 after the final dot, once for each recipient, and the session goes on."""
    answer = await talk(daemon.ports["lmtp"], transaction(OVER))
    assert answer.endswith(b"\r\n552 5.3.4 message too large\r\n221 2.0.0 bye\r\n")
    await serves(daemon)


async def test_lmtp_announces_too_much(daemon: Daemon) -> None:
    """SIZE= above the limit is refused at MAIL, without the message."""
    mail = b"LHLO x\r\nMAIL FROM:<a@b.example> SIZE=999999\r\nQUIT\r\n"
    assert b"\r\n552 5.3.4 " in await talk(daemon.ports["lmtp"], mail)
    await serves(daemon)


@pytest.mark.parametrize(
    ("length", "answer"),
    [
        (b"Content-Length: 9", b"HTTP/1.1 200 OK.*HTTP/1.1 400 "),
        (b"Content-Length: 9999", b"HTTP/1.1 408 "),
        (b"Content-Length: -1", b"HTTP/1.1 400 "),
        (b"Content-Length: +20", b"HTTP/1.1 400 "),
        (b"Content-Length: 1e2", b"HTTP/1.1 400 "),
        (b"Content-Length: " + b"9" * 5000, b"HTTP/1.1 413 "),
        (b"Content-Length: 20\r\nContent-Length: 3", b"HTTP/1.1 400 "),
        (b"Content-Length: 20\r\nTransfer-Encoding: chunked", b"HTTP/1.1 400 "),
    ],
)
async def test_http_lying_length(daemon: Daemon, length: bytes, answer: bytes) -> None:
    """A length that cannot be true is refused; what is left over is no request."""
    async with client(daemon.ports["http"]) as raw:
        raw.say(POST + length + b"\r\n\r\n" + MAIL + b"\r\n\r\n")
        await raw.hears(b"^" + answer)
        await raw.end()
    await serves(daemon)


@pytest.mark.parametrize(
    ("length", "answer"),
    [
        (b"9999", b"SPAMD/1.0 76 Bad header line: (Content-Length mismatch"),
        (b"-1", b"SPAMD/1.0 76 Bad header line: (Content-Length contains non-numeric"),
        (b"9" * 30, b"SPAMD/1.0 7"),
        (b"3\r\nContent-length: 9999", b"SPAMD/1.0 76 Bad header line: "),
    ],
)
async def test_spamc_lying_length(daemon: Daemon, length: bytes, answer: bytes) -> None:
    """A message that is not as long as announced is never scanned."""
    head = CHECK + b"Content-length: " + length + b"\r\n\r\n"
    heard = await talk(daemon.ports["spamd"], head + MAIL, half=True)
    assert heard.startswith(answer)
    await serves(daemon)


async def test_spamc_more_than_announced(daemon: Daemon) -> None:
    """The Perl client sends two octets too many: what is beyond the length is none."""
    gtube = (ROOT / "docs/examples/gtube.eml").read_bytes()
    head = CHECK + b"Content-length: 10\r\n\r\n"
    heard = await talk(daemon.ports["spamd"], head + b"Subject: x" + gtube, half=True)
    assert heard.startswith(b"SPAMD/1.1 0 EX_OK\r\nSpam: False ;")
    await serves(daemon)


async def test_chunked_flood(daemon: Daemon) -> None:
    """Chunks without end are answered at the limit, while they still come."""
    async with client(daemon.ports["http"]) as raw:
        raw.say(CHUNKED, *[b"1\r\nx\r\n" * 1000 for _ in range(LIMIT // 1000 + 1)])
        await raw.hears(b"^HTTP/1.1 413 .*larger than 65536 octets")
    await serves(daemon)


@pytest.mark.parametrize(
    ("chunk", "status"), [(b"-1", b"400"), (b"zz", b"400"), (b"f" * 16, b"408")]
)
async def test_chunk_of_no_length(daemon: Daemon, chunk: bytes, status: bytes) -> None:
    """A length that is none is no request; for one that is absurd nothing is kept."""
    answer = await talk(daemon.ports["http"], CHUNKED + chunk + b"\r\nxxxx\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    await serves(daemon)


async def test_chunk_extension_without_end(daemon: Daemon) -> None:
    """A chunk's head that never ends is not kept for ever."""
    answer = await talk(daemon.ports["http"], CHUNKED + b"1;" + b"x" * 200_000)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    await serves(daemon)


async def drip(daemon: Daemon, door: str, head: bytes) -> RawClient:
    """An octet each 0.2 s until the door hangs up: none is ever late by itself."""
    async with client(daemon.ports[door]) as raw:
        raw.say(head)
        while not (raw.over or raw.finished):
            raw.say(b"x")
            await pause(0.2)
        await raw.end()
        return raw


async def test_an_octet_a_second_at_http(daemon: Daemon) -> None:
    """`body_timeout` is for the whole request, however it drips."""
    raw = await drip(daemon, "http", POST + b"Content-Length: 999\r\n\r\n")
    assert raw.heard.startswith(b"HTTP/1.1 408 ")
    await serves(daemon)


async def test_an_octet_a_second_in_the_http_header(daemon: Daemon) -> None:
    """And a header that never ends is a request, too."""
    raw = await drip(daemon, "http", POST + b"X-Slow: ")
    assert raw.heard.startswith(b"HTTP/1.1 408 ")
    await serves(daemon)


async def test_an_octet_a_second_at_spamd(daemon: Daemon) -> None:
    """`total_timeout` is spamd's own answer."""
    raw = await drip(daemon, "spamd", CHECK + b"Content-length: 999\r\n\r\n")
    assert raw.heard.startswith(b"SPAMD/1.0 79 Timeout: ")
    await serves(daemon)


@pytest.mark.parametrize("head", [LMTP, b"LHLO x\r\nMAIL FRO"])
async def test_an_octet_a_second_at_lmtp(daemon: Daemon, head: bytes) -> None:
    """421, in the middle of a message or of a command."""
    raw = await drip(daemon, "lmtp", head)
    assert raw.heard.endswith(b"\r\n421 4.4.2 waited too long\r\n")
    await serves(daemon)
