"""Messages that are built to be expensive, through every door of the daemon.

Each gets its answer, and /healthz goes on answering meanwhile. `pytest -s` shows how
long the longest of its answers took.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_twisted

from tests.integration.daemon import Daemon, running
from tests.integration.internet import internet
from tests.integration.postfix_tools import Sink, smtp_sink
from tests.integration.pulse import pulse
from tests.integration.raw_client import http, spamc, talk, transaction

pytestmark = pytest.mark.peer

TOP = (
    b"Received: from relay.transit.example ([11.22.33.44])\r\n"
    b"\tby mx.example.org ([192.0.2.1]); Mon, 4 May 2026 12:30:00 +0000\r\n"
    b"From: <spammer@spam.example>\r\n"
)
LINK = b"http://spamvertised.example/\r\n"
HTML = b"Content-Type: text/html\r\n\r\n"
EMPTY = b"Content-Type: text/plain\r\n\r\n"


def nested(count: int) -> bytes:
    """Multiparts, each within the one before, and a link in the innermost."""
    part = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    begun = b"".join(part % (n, n) for n in range(count))
    ended = b"".join(b"--b%d--\r\n" % n for n in reversed(range(count)))
    return begun + EMPTY + LINK + ended


MESSAGES = {
    "headers": b"".join(b"X-%d: value\r\n" % n for n in range(10_000)) + b"\r\n" + LINK,
    "multiparts": nested(2000),
    "subject": b"Subject: a" + b"\r\n word" * 150_000 + b"\r\n\r\n" + LINK,
    "divs": HTML + b"<div>\r\n" * 40_000 + b"<a href='" + LINK.strip() + b"'>x</a>\r\n",
}
"""Our own doors pass on a header section of 1 MiB in 20,000 lines, and no more."""
REFUSED_AT_LMTP = {"subject"}


@pytest_twisted.async_yield_fixture(scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sink]:
    async with smtp_sink(tmp_path_factory.mktemp("sink")) as sink:
        yield sink


@pytest_twisted.async_yield_fixture(scope="module")
async def daemon(
    sink: Sink, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Daemon]:
    hop = f"next_hop: {{server: {sink.server}}}"
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(internet())
        config = (
            f"  lmtp: {{endpoint: PORT_lmtp, {hop}}}\n"
            f"  smtp: {{endpoint: PORT_smtp, {hop}}}\n"
            f"{world}trusted_boundary: {{name: mx.example.org}}\n"
        )
        folder = tmp_path_factory.mktemp("daemon")
        yield await stack.enter_async_context(running(folder, config))


@pytest.fixture(params=MESSAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def message(name: str) -> bytes:
    return TOP + MESSAGES[name]


async def answered(daemon: Daemon, door: str, said: bytes, *, half: bool) -> bytes:
    """The answer; somebody else is answered meanwhile."""
    async with pulse(daemon.ports["http"]) as beats:
        answer = await talk(daemon.ports[door], said, half=half)
    print(f"{beats.answers} answers, the longest took {beats.longest * 1000:.1f} ms")
    assert beats.answers
    assert "Traceback" not in daemon.log
    return answer


@pytest.mark.parametrize("path", ["/scan", "/v1/scan"])
async def test_http_scan(daemon: Daemon, message: bytes, path: str) -> None:
    """A verdict."""
    answer = await answered(daemon, "http", http(path, message), half=False)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"OK"' in answer or b'"no action"' in answer


async def test_http_scan_json(daemon: Daemon, message: bytes) -> None:
    """The same inside JSON."""
    body = json.dumps({"message": message.decode()}).encode()
    said = http("/v1/scan", body, kind="application/json")
    answer = await answered(daemon, "http", said, half=False)
    assert b'"action": "no action"' in answer


async def test_http_report(daemon: Daemon, name: str, message: bytes) -> None:
    """The relay's desk; and the link's, or a warning that says what was not read."""
    answer = await answered(daemon, "http", http("/", message), half=False)
    found = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert "abuse@transit.example" in found["complaints"]
    linked = "abuse@hosting.example" in found["complaints"]
    assert linked or any("not read" in text for text in found["warnings"]), name


@pytest.mark.parametrize("protocol", ["SPAMC/1.5", "RSPAMC/1.3"])
async def test_check(daemon: Daemon, message: bytes, protocol: str) -> None:
    """A verdict."""
    said = spamc("CHECK", message, protocol)
    answer = await answered(daemon, "spamd", said, half=True)
    assert b"False ;" in answer.replace(b"Metric: default; False;", b"False ;")


async def test_process(daemon: Daemon, message: bytes) -> None:
    """The message with our fields, or an error that makes spamc pass on its own."""
    said = spamc("PROCESS", message)
    answer = await answered(daemon, "spamd", said, half=True)
    if b"EX_OK" in answer:
        assert answer.endswith(message[-1000:])
        assert b"\r\nX-Spam: No\r\n" in answer
    else:
        assert answer == b"SPAMD/1.0 74 Message too large: (the header section)\r\n"


@pytest.mark.parametrize(("door", "hello"), [("lmtp", "LHLO"), ("smtp", "EHLO")])
async def test_next_hop(
    daemon: Daemon, sink: Sink, name: str, message: bytes, door: str, hello: str
) -> None:
    """Delivered whole with our fields, or refused; never half of it."""
    before = set(sink.messages())
    said = transaction(message, hello)
    answer = await answered(daemon, door, said, half=False)
    taken = set(sink.messages()) - before
    if name in REFUSED_AT_LMTP:
        assert b"\r\n552 5.3.4 the header section is too large\r\n" in answer
        assert not taken
        return
    assert answer.endswith(b"\r\n250 2.0.0 Ok\r\n221 2.0.0 bye\r\n")
    (delivered,) = taken
    assert b"\nX-Spam-Action: no action\n" in delivered
    assert message.replace(b"\r\n", b"\n")[-1000:] in delivered
