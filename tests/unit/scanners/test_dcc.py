"""sc.scanners.dcc: what dccifd says, as symbols."""

from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.scanners.dcc import DCCScanner, DCCSettings, build
from sc.scanners.interface import NotScannedError, ScannerError
from tests.fakes.dcc import BULK, FakeDccifd, reply
from tests.fakes.faults import serving
from tests.fakes.ground import ground

MAIL = b"Subject: x\r\n\r\nhello"


def scanner(address: str) -> DCCScanner:
    return build(DCCSettings(servers=(address,)), ground(clock=reactor))


async def scan(answer: bytes | None, content: bytes = MAIL) -> Findings:
    async with serving(lambda: FakeDccifd(reply=answer)) as (address, _):
        return await scanner(address).scan(Message("m", Envelope(), content), {})


async def test_bulk() -> None:
    """What many have had is bulk, and dccifd would reject it; the counts tell why."""
    findings = await scan(None, MAIL + BULK)
    assert [(s.name, s.score) for s in findings.symbols] == [
        ("DCC_BULK", 2.0),
        ("DCC_REJECT", 4.0),
    ]
    counts = ("Body=many", "Fuz1=many", "Fuz2=many")
    assert all(s.options == counts for s in findings.symbols)
    assert (findings.flagged, findings.passed) == (("R",), ())
    assert "X-DCC-" in findings.raw


async def test_harmless() -> None:
    """What nobody else has had is nothing."""
    findings = await scan(None)
    assert (findings.symbols, findings.passed) == ((), ("A",))


async def test_some() -> None:
    """What only some recipients refuse is told, and judges nothing."""
    [symbol] = (await scan(reply(b"S", b"ARA"))).symbols
    assert (symbol.name, symbol.options, symbol.score) == (
        "DCC_REJECT_SOME",
        ("1/3",),
        0.0,
    )


async def test_greylist() -> None:
    """dccifd's greylist is told, and judges nothing."""
    findings = await scan(reply(b"G", b"G"))
    assert [s.name for s in findings.symbols] == ["DCC_GREYLIST"]
    assert findings.flagged == ("G",)


async def test_no_server() -> None:
    """That no DCC server answers is an error, not an accept."""
    with pytest.raises(ScannerError, match="no answer from a DCC server"):
        await scan(b"T\n\n\n")


async def test_empty() -> None:
    """About nothing nobody is asked."""
    with pytest.raises(NotScannedError, match="empty"):
        await scan(None, b"")


async def test_probe(tmp_path: Path) -> None:
    """The probe counts nothing, over the socket that dccifd has by default."""
    async with serving(FakeDccifd, tmp_path / "dccifd") as (address, factory):
        await scanner(address).probe()
        [connection] = factory.connections
        assert isinstance(connection, FakeDccifd)
        assert connection.request.startswith(b"header query\n")
        assert scanner(address).servers()[0].interface == "socket"
