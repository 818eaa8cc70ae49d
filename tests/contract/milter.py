"""What our milter scanner relies on; run over the fake and over real OpenDKIM."""

from ipaddress import ip_address
from typing import Any, cast

from twisted.internet import reactor as _reactor  # noqa: TID251 the tests' reactor
from twisted.internet.interfaces import IReactorTime

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.net.dialogue import Dialogue
from sc.net.server_pool import ServerPool
from sc.net.stream_exchange import client_endpoint
from sc.scanners.milter import MilterScanner, MilterSettings
from tests.fakes.signed_mail import NEWS, sign

reactor = cast(Any, _reactor)
STRANGER = Envelope(
    sender="news@sender.example",
    recipients=("bob@example.org", "eve@example.org"),
    client_ip=ip_address("192.0.2.1"),
    helo="mail.sender.example",
)


def scanner(
    address: str,
    *,
    name: str = "opendkim",
    method: str = "dkim",
    believes: str = "",
    clock: IReactorTime | None = None,
) -> MilterScanner:
    settings = MilterSettings(
        servers=(address,), timeout=20.0, method=method, believes=believes
    )
    endpoints, clock = [client_endpoint(reactor, address)], clock or reactor
    pool = ServerPool(clock, settings.places)
    dialogue = Dialogue(clock, endpoints, 5.0, pool)
    return MilterScanner(name, dialogue, settings, settings.interface)


async def scan(address: str, content: bytes) -> Findings:
    return await scanner(address).scan(Message("m1", STRANGER, content), {})


async def symbols(address: str, content: bytes) -> dict[str, tuple[str, ...]]:
    found = await scan(address, content)
    assert found.passed == ("no action",)
    return {symbol.name: symbol.options for symbol in found.symbols}


class MilterContract:
    """Subclasses give `address`, a fixture."""

    async def test_probe(self, address: str) -> None:
        """A probe succeeds while the milter is up."""
        await scanner(address).probe()

    async def test_signed(self, address: str) -> None:
        """A right signature is told with its domain."""
        found = await symbols(address, sign(NEWS))
        assert found == {"OPENDKIM_PASS": ("sender.example",)}

    async def test_changed(self, address: str) -> None:
        """A changed message is not the signer's."""
        found = await symbols(address, sign(NEWS).replace(b"Bob.", b"Eve."))
        assert found == {"OPENDKIM_FAIL": ("sender.example",)}

    async def test_unsigned(self, address: str) -> None:
        """No signature is no failure."""
        assert await symbols(address, NEWS) == {"OPENDKIM_NONE": ()}

    async def test_long(self, address: str) -> None:
        """A body of several pieces is put together again as it was."""
        body = b"Bob. has lines,\r\n" * 20_000
        found = await symbols(address, sign(NEWS + body))
        assert found == {"OPENDKIM_PASS": ("sender.example",)}

    async def test_bare_lf(self, address: str) -> None:
        """A message with LF is shown as an MTA would, with CRLF."""
        content = sign(NEWS).replace(b"\r\n", b"\n")
        assert await symbols(address, content) == {"OPENDKIM_PASS": ("sender.example",)}
