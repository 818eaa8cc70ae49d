"""sc.scanners.attachments: risks as symbols."""

import base64

from sc.content.attachments import Risk
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.scan.settings import Thresholds
from sc.scanners.attachments import SCORES, AttachmentsScanner
from sc.scanners.interface import Interface
from tests.fakes.archives import zipped
from tests.fakes.inline_offload import inline

SCANNER = AttachmentsScanner(inline())


async def scan(content: bytes) -> Findings:
    return await SCANNER.scan(Message("m", Envelope(), content), {})


async def test_symbols() -> None:
    """A symbol names the file."""
    encoded = base64.b64encode(zipped({"in.pdf.exe": b"x"}))
    found = await scan(
        b"Content-Type: application/zip; name=a.zip\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded
    )
    first, second = found.symbols
    assert (first.name, first.score) == ("ATTACHMENTS_DANGEROUS_ARCHIVED", 1.5)
    assert first.options == ("in.pdf.exe",)
    assert second.name == "ATTACHMENTS_DOUBLE_EXTENSION"
    assert (found.flagged, found.passed) == ((), ("OK",))


async def test_no_name() -> None:
    """A file without a name has no option."""
    found = await scan(b"Content-Type: application/x\r\n\r\nMZ\0\0")
    [symbol] = found.symbols
    assert (symbol.name, symbol.options) == ("ATTACHMENTS_DANGEROUS", ())


async def test_nothing() -> None:
    """Most mail carries no files."""
    assert await scan(b"Subject: x\r\n\r\nhello\r\n") == Findings((), passed=("OK",))


async def test_itself_inside() -> None:
    """A message in a message, without end."""
    head = b"Content-Type: message/rfc822\r\n\r\n"
    assert (await scan(head * 900)).symbols == ()


async def test_always_up() -> None:
    """Built in: a probe cannot fail."""
    await SCANNER.probe()
    assert (SCANNER.name, SCANNER.needs) == ("attachments", ())
    assert SCANNER.interface is Interface.BUILTIN


def test_scores() -> None:
    """Every risk has a score, none of which marks a message alone."""
    assert SCORES.keys() == set(Risk)
    assert max(SCORES.values()) < Thresholds().add_header
