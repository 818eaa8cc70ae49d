"""What our SpamAssassin scanner relies on; run over the fake and the real spamd."""

from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.net.stream_exchange import Exchange, client_endpoint
from sc.scanners.interface import Interface
from sc.scanners.spamassassin import SpamAssassinScanner, SpamAssassinSettings
from tests.integration.engines import GTUBE

HAM = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: lunch\r\n"
    b"Date: Thu, 1 Jan 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
    b"See you at noon.\r\n"
)


def scanner(
    address: str, settings: SpamAssassinSettings | None = None
) -> SpamAssassinScanner:
    settings = settings or SpamAssassinSettings()
    settings = evolve(settings, servers=(address,), timeout=60.0)
    exchange = Exchange(reactor, [client_endpoint(reactor, address)])
    return SpamAssassinScanner(exchange, settings, Interface.NETWORK)


async def scan(
    address: str, content: bytes, preferences: str | None = None
) -> Findings:
    message = Message("m1", Envelope(preferences=preferences), content)
    return await scanner(address).scan(message, {})


class SpamAssassinContract:
    """Subclasses give `address`, a fixture."""

    async def test_ping(self, address: str) -> None:
        """A probe succeeds while spamd is up."""
        await scanner(address).probe()

    async def test_ham(self, address: str) -> None:
        """A harmless message passes with its score."""
        findings = await scan(address, HAM)
        assert (findings.passed, findings.flagged) == (("ham",), ())
        assert findings.symbols[0].name == "SPAMASSASSIN"
        assert findings.symbols[0].required == 5.0

    async def test_spam(self, address: str) -> None:
        """A spam is flagged by its score, and the rules that hit are named."""
        findings = await scan(address, HAM + GTUBE + b"\r\n")
        assert findings.passed == ()
        assert float(findings.flagged[0]) >= 990
        assert findings.symbols[0].score == float(findings.flagged[0])
        assert "SA_GTUBE" in [s.name for s in findings.symbols]
        assert all(s.score == 0 for s in findings.symbols[1:])
        assert findings.raw.startswith("SPAMD/1.1 0 EX_OK\r\n")

    async def test_no_final_line_end(self, address: str) -> None:
        """A message that does not end in a line end is answered at once, too."""
        assert (await scan(address, HAM + GTUBE)).flagged

    async def test_user(self, address: str) -> None:
        """A client's `User` reaches spamd."""
        assert (await scan(address, HAM, preferences="joe")).passed == ("ham",)
