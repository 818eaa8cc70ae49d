"""Real c-icap, whose service avscan asks a real clamd, and whose echo sends back."""

from collections.abc import Iterator

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scanners.icap import ICAPSettings, build
from sc.scanners.interface import ScannerError
from tests.contract.icap import HEAD, ICAPContract
from tests.fakes.ground import ground
from tests.integration import engines


@pytest.fixture(scope="module")
def c_icap() -> Iterator[engines.Engine]:
    with engines.clamd() as clamd, engines.c_icap(clamd) as engine:
        yield engine


@pytest.mark.peer
class TestCICAP(ICAPContract):
    @pytest.fixture
    def address(self, c_icap: engines.Engine) -> str:
        return c_icap.tcp

    async def test_echo(self, address: str) -> None:
        """A service that sends the message back as it was found nothing."""
        settings = ICAPSettings(servers=(address,), timeout=60.0, service="echo")
        scanner = build("echo", settings, ground(clock=reactor))
        for size in (10, 100_000):
            message = Message("m1", Envelope(), HEAD + b"x" * size)
            assert (await scanner.scan(message, {})).passed == ("OK",)

    async def test_no_service(self, address: str) -> None:
        """A service that is not there fails the probe."""
        settings = ICAPSettings(servers=(address,), timeout=60.0, service="nowhere")
        with pytest.raises(ScannerError, match="OPTIONS with status 404"):
            await build("nowhere", settings, ground(clock=reactor)).probe()
