"""What our ICAP scanner relies on; run over the fake and over the real c-icap."""

from typing import Any

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.net.dialogue import Dialogue
from sc.net.server_pool import ServerPool
from sc.net.stream_exchange import client_endpoint
from sc.scanners.icap import ICAPScanner, ICAPSettings
from sc.scanners.interface import Interface
from sc.wire.icap import Method
from tests.integration.engines import EICAR

HEAD = b"Subject: x\r\n\r\n"


def scanner(
    address: str, method: Method = Method.RESPMOD, clock: Any = reactor
) -> ICAPScanner:
    settings = ICAPSettings(
        servers=(address,), timeout=20.0, service="avscan", method=method
    )
    endpoints = [client_endpoint(reactor, address)]
    pool = ServerPool(clock, settings.places)
    dialogue = Dialogue(clock, endpoints, 5.0, pool)
    return ICAPScanner("my-gate", dialogue, settings, Interface.NETWORK)


async def scan(
    address: str, content: bytes, method: Method = Method.RESPMOD
) -> Findings:
    message = Message("m1", Envelope(), content)
    return await scanner(address, method).scan(message, {})


class ICAPContract:
    """Subclasses give `address`, a fixture; previews have 1024 octets."""

    async def test_probe(self, address: str) -> None:
        """A probe succeeds while the service is up."""
        await scanner(address).probe()

    @pytest.mark.parametrize("method", Method)
    @pytest.mark.parametrize("size", [1, 1023, 1024, 1025, 200_000])
    async def test_clean(self, address: str, size: int, method: Method) -> None:
        """A message without a virus passes, in the preview or with what follows."""
        findings = await scan(address, (HEAD + b"x" * size)[:size], method)
        assert (findings.passed, findings.symbols) == (("OK",), ())

    @pytest.mark.parametrize("method", Method)
    @pytest.mark.parametrize("before", [b"", b"x" * 100_000 + b"\r\n"])
    async def test_virus(self, address: str, before: bytes, method: Method) -> None:
        """A virus is named, also behind the preview."""
        findings = await scan(address, HEAD + before + EICAR + b"\r\n", method)
        [symbol] = findings.symbols
        assert symbol.name == "MY_GATE_VIRUS"
        assert "eicar" in symbol.options[0].lower()
        assert findings.flagged == symbol.options
