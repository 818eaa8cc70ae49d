"""What our ClamAV scanner relies on; run over the fake and over the real clamd."""

import base64

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.clamav import ClamAVScanner, ClamAVSettings
from sc.scanners.interface import Interface, MessageRefusedError
from tests.integration.engines import EICAR

LIMIT = 2 << 20
"""StreamMaxLength of the peer that the suite runs over."""


def scanner(address: str, max_octets: int = 25 << 20) -> ClamAVScanner:
    settings = ClamAVSettings(servers=(address,), timeout=20.0, max_octets=max_octets)
    exchange = Exchange(reactor, [client_endpoint(reactor, address)])
    return ClamAVScanner(exchange, settings, Interface.NETWORK)


def message(content: bytes) -> Message:
    return Message("m1", Envelope(), content)


async def scan(address: str, content: bytes) -> Findings:
    return await scanner(address).scan(message(content), {})


class ClamAVContract:
    """Subclasses give `address`, a fixture."""

    async def test_ping(self, address: str) -> None:
        """A probe succeeds while clamd is up."""
        await scanner(address).probe()

    @pytest.mark.parametrize(
        "content", [b"", b"Subject: x\r\n\r\nfine", bytes(200_000)]
    )
    async def test_clean(self, address: str, content: bytes) -> None:
        """A message without a virus passes, an empty and a long one too."""
        findings = await scan(address, content)
        assert (findings.passed, findings.flagged) == (("OK",), ())
        assert not findings.symbols

    async def test_virus(self, address: str) -> None:
        """A virus is named by its signature."""
        findings = await scan(address, b"Subject: x\r\n\r\n" + EICAR + b"\r\n")
        [symbol] = findings.symbols
        assert symbol.name == "CLAMAV_VIRUS"
        assert "eicar" in symbol.options[0].lower()
        assert findings.flagged == symbol.options
        assert findings.raw == f"stream: {symbol.options[0]} FOUND"

    async def test_too_large_for_clamd(self, address: str) -> None:
        """What clamd refuses for its size is an error, though it answers too early."""
        with pytest.raises(MessageRefusedError, match="size limit"):
            await scan(address, base64.b64encode(bytes(LIMIT)))
        assert (await scan(address, b"fine")).passed == ("OK",)
