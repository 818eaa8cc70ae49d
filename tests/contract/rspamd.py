"""What our rspamd scanner relies on; run over the fake and over the real rspamd."""

from ipaddress import ip_address
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.interface import Interface
from sc.scanners.rspamd import RspamdScanner, RspamdSettings
from tests.contract.spamassassin import HAM
from tests.fakes.inline_offload import inline
from tests.integration.engines import GTUBE

ENVELOPE = Envelope(
    sender="a@example.org",
    recipients=("b@example.org", "c@example.org"),
    client_ip=ip_address("192.0.2.1"),
    client_name="mail.example.org",
    helo="mail.example.org",
    user="joe",
    queue_id="4711",
)


def scanner(address: str) -> RspamdScanner:
    settings = RspamdSettings(servers=(address,), timeout=60.0)
    exchange = Exchange(reactor, [client_endpoint(reactor, address)])
    return RspamdScanner(exchange, inline(), settings, Interface.NETWORK)


async def scan(address: str, content: bytes, envelope: Envelope = ENVELOPE) -> Findings:
    return await scanner(address).scan(Message("m1", envelope, content), {})


def names(findings: Findings) -> list[str]:
    return [symbol.name for symbol in findings.symbols]


class RspamdContract:
    """Subclasses give `address`, a fixture."""

    async def test_ping(self, address: str) -> None:
        """A probe succeeds while rspamd is up."""
        await scanner(address).probe()

    @pytest.mark.parametrize("content", [HAM, HAM + b"x" * 300_000 + b"\r\n"])
    async def test_ham(self, address: str, content: bytes) -> None:
        """A message that is no spam has rspamd's score, a long one too."""
        findings = await scan(address, content)
        total = findings.symbols[0]
        assert total.options == (f"{total.score:.2f}/15.00",)
        action = names(findings)[1].removeprefix("RSPAMD_ACTION_")
        assert action in ("NO_ACTION", "GREYLIST")
        assert (findings.passed, findings.flagged) == ((f"{total.score:.2f}",), ())
        assert '"action"' in findings.raw

    @pytest.mark.parametrize("content", [b"\r\n", b"x"])
    async def test_short(self, address: str, content: bytes) -> None:
        """A message that hardly is one is scanned, too."""
        assert names(await scan(address, content))[0] == "RSPAMD"

    async def test_spam(self, address: str) -> None:
        """A spam is flagged by its score, and what rspamd would do is a symbol."""
        findings = await scan(address, HAM + GTUBE + b"\r\n")
        assert findings.symbols[0].score == 15.0
        assert findings.flagged == ("15.00",)
        assert {"RSPAMD_ACTION_REJECT", "RSPAMD_GTUBE"} <= set(names(findings))
        assert all(symbol.score == 0 for symbol in findings.symbols[1:])

    async def test_strange_envelope(self, address: str) -> None:
        """What a stranger said hurts nothing: it is told, or left out."""
        strange = cast(Any, "a\r\nFile: /etc/passwd")
        envelope = Envelope(
            sender=strange, recipients=(strange, "é@example.org"), helo=strange
        )
        assert names(await scan(address, HAM, envelope))[0] == "RSPAMD"
