"""sc.scanners.headers: oddities as symbols."""

from twisted.internet.task import Clock

from sc.content.origin import Oddity
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scan.settings import Thresholds
from sc.scanners.headers import SCORES, HeadersScanner
from sc.scanners.interface import Interface
from tests.fakes.inline_offload import inline

SCANNER = HeadersScanner(inline(), Clock())
BARE = b"From: a@example.org\r\n\r\nx\r\n"


async def names(content: bytes, user: str | None = None) -> list[str]:
    message = Message("m", Envelope(user=user), content)
    findings = await SCANNER.scan(message, {})
    assert (findings.flagged, findings.passed) == ((), ("OK",))
    return [s.name for s in findings.symbols]


async def test_symbols() -> None:
    """Each oddity is a symbol; a large body is no part of it."""
    expected = ["HEADERS_NO_DATE", "HEADERS_NO_MESSAGE_ID"]
    assert await names(BARE) == expected
    assert await names(BARE + bytes(600_000)) == expected


async def test_date_by_our_clock() -> None:
    """In 1970, where the test's clock stands, 2026 is far ahead."""
    content = b"Date: Sat, 21 Nov 2026 11:00:00 +0000\r\n" + BARE
    assert "HEADERS_FUTURE_DATE" in await names(content)


async def test_our_own_user() -> None:
    """RFC 6409 8: the server that takes a user's mail adds what is missing."""
    assert await names(BARE, "alice") == []


async def test_always_up() -> None:
    """Built in: a probe cannot fail."""
    await SCANNER.probe()
    assert (SCANNER.name, SCANNER.needs) == ("headers", ())
    assert SCANNER.interface is Interface.BUILTIN


def test_scores() -> None:
    """Every oddity has a score, none of which marks a message alone."""
    assert SCORES.keys() == set(Oddity)
    assert max(SCORES.values()) < Thresholds().add_header
