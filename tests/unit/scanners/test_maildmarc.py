"""sc.scanners.maildmarc: what is asked, and what only looks like a failure."""

from collections.abc import Mapping

import pytest

from sc.model.authentication import Authentication
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, State
from sc.scanners.interface import MessageRefusedError, NotScannedError, ScannerError
from sc.scanners.maildmarc import MailDMARCSettings, build
from tests.contract.maildmarc import ENVELOPE, FORGED, UNSIGNED, dkim, scan, spf
from tests.fakes.faults import serving
from tests.fakes.ground import ground
from tests.fakes.maildmarc import FakeMailDMARC, judged, reply

OFF = ScannerResult("x", State.SKIPPED)
HELO = ScannerResult(
    "spf",
    State.DONE,
    Findings(
        authentication=(Authentication("spf", "pass", (("smtp.helo", "a.example"),)),)
    ),
)


async def asked(
    found: Mapping[str, ScannerResult], envelope: Envelope = ENVELOPE
) -> dict[str, object]:
    """What the service was told."""
    async with serving(FakeMailDMARC) as (address, factory):
        await scan(address, found=found, envelope=envelope)
        [connection] = factory.connections
        assert isinstance(connection, FakeMailDMARC)
        return connection.told


async def test_facts() -> None:
    """SPF's and DKIM's results go on in Mail::DMARC's words."""
    told = await asked({"spf": spf("softfail", "example.net"), "dkim": dkim("pass")})
    assert told == {
        "header_from": "example.com",
        "source_ip": "192.0.2.1",
        "envelope_from": "example.com",
        "envelope_to": "example.edu",
        "spf": [{"domain": "example.net", "result": "softfail", "scope": "mfrom"}],
        "dkim": [{"domain": "example.com", "result": "pass", "selector": "s1"}],
    }


async def test_little_known() -> None:
    """What is not known, or is no domain, is not told."""
    envelope = Envelope(sender="", recipients=("root",))
    told = await asked({"spf": spf("none", "x"), "dkim": dkim("fail", "y")}, envelope)
    assert told == {"header_from": "example.com"}
    assert await asked({"spf": HELO, "dkim": UNSIGNED}, Envelope()) == {
        "header_from": "example.com",
        "spf": [{"domain": "a.example", "result": "pass", "scope": "helo"}],
    }


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"spf": OFF, "dkim": UNSIGNED}, "spf did not look"),
        ({"spf": spf("fail"), "dkim": OFF}, "dkim did not look"),
        ({"spf": OFF, "dkim": OFF}, "neither spf nor dkim looked"),
        ({"spf": spf("temperror"), "dkim": UNSIGNED}, "spf could not tell"),
        ({"spf": spf("fail"), "dkim": dkim("temperror")}, "dkim could not tell"),
    ],
)
async def test_uncertain(found: Mapping[str, ScannerResult], why: str) -> None:
    """A proof that nobody could look for is not missing."""
    async with serving(FakeMailDMARC) as (address, _):
        with pytest.raises(NotScannedError, match=why):
            await scan(address, found=found)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"Subject: x\r\n", "no From"),
        (b"From: a@b.example, c@d.example\r\n", "several"),
        (b"From: a@[192.0.2.1]\r\n", "From has no address|none that DNS has"),
        (b"From: a@localhost\r\n", "From has no address|none that DNS has"),
    ],
)
async def test_nobody(header: bytes, why: str) -> None:
    """Without one author there is nobody to ask about."""
    scanner = build(MailDMARCSettings(), ground())
    with pytest.raises(NotScannedError, match=why):
        await scanner.scan(Message("m", ENVELOPE, header + b"\r\nx"), FORGED)


async def test_our_own() -> None:
    """Our own users are not asked who they are."""
    scanner = build(MailDMARCSettings(), ground(direction=Direction.OUTBOUND))
    with pytest.raises(NotScannedError, match="not from outside"):
        await scanner.scan(Message("m", ENVELOPE, b"From: a@b.example\r\n"), FORGED)


async def test_refused() -> None:
    """Its own error concerns one message, and shows none of its paths."""
    error = reply({"err": "invalid header_from at /usr/share/perl5/x.pm line 9.\n"})
    async with serving(lambda: FakeMailDMARC(reply=error)) as (address, _):
        with pytest.raises(MessageRefusedError, match=r"it: invalid header_from$"):
            await scan(address)


async def test_another_message() -> None:
    """The judgement of an earlier message is an error that says what to do."""
    stale = judged("fail", "reject", "example.net")
    async with serving(lambda: FakeMailDMARC(reply=stale)) as (address, _):
        with pytest.raises(ScannerError, match="--max_requests=1"):
            await scan(address)


async def test_status() -> None:
    """Its server is told in the status."""
    [server] = build(MailDMARCSettings(), ground()).servers()
    assert server.interface == "network"
