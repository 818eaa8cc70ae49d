"""sc.scanners.links: deceptions as symbols."""

from sc.content.deceptions import Deception
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scan.settings import Thresholds
from sc.scanners.interface import Interface
from sc.scanners.links import SCORES, LinksScanner
from tests.fakes.inline_offload import inline

SCANNER = LinksScanner(inline())


async def test_symbols() -> None:
    """A symbol names the host, encoded parts are read, others are not."""
    content = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\naHR0cDovLzguOC44LjgveA==\r\n"
        b"--b\r\nContent-Type: image/png\r\n\r\nhttp://9.9.9.9/\r\n--b--\r\n"
    )
    findings = await SCANNER.scan(Message("m", Envelope(), content), {})
    [symbol] = findings.symbols
    assert (symbol.name, symbol.options) == ("LINKS_ADDRESS_HOST", ("8.8.8.8",))
    assert (findings.flagged, findings.passed) == ((), ("OK",))


async def test_always_up() -> None:
    """Built in: a probe cannot fail."""
    await SCANNER.probe()
    assert (SCANNER.name, SCANNER.needs) == ("links", ())
    assert SCANNER.interface is Interface.BUILTIN


def test_scores() -> None:
    """Every deception has a score, none of which marks a message alone."""
    assert SCORES.keys() == set(Deception)
    assert max(SCORES.values()) < Thresholds().add_header
