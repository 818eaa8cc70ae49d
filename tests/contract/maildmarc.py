"""What our Mail::DMARC scanner relies on; run over the fake and over the real one."""

from collections.abc import Mapping
from ipaddress import ip_address

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.model.authentication import Authentication
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, State
from sc.scanners.maildmarc import MailDMARCScanner, MailDMARCSettings, build
from tests.fakes.ground import ground
from tests.fakes.maildmarc import POLICIES

ZONE = {
    **{name: ["192.0.2.7"] for name in (*POLICIES, "example.edu")},
    **{f"_dmarc.{name}": [f"TXT v=DMARC1; p={p}"] for name, p in POLICIES.items()},
}
"""What the real one finds in DNS."""

ENVELOPE = Envelope(
    sender="a@example.com",
    recipients=("b@example.edu",),
    client_ip=ip_address("192.0.2.1"),
)


def spf(result: str, domain: str = "example.com") -> ScannerResult:
    one = Authentication("spf", result, (("smtp.mailfrom", domain),))
    return ScannerResult("spf", State.DONE, Findings(authentication=(one,)))


def dkim(result: str, domain: str = "example.com") -> ScannerResult:
    properties = (("header.d", domain), ("header.s", "s1"), ("header.b", "abc"))
    one = Authentication("dkim", result, properties)
    return ScannerResult("dkim", State.DONE, Findings(authentication=(one,)))


UNSIGNED = ScannerResult(
    "dkim", State.DONE, Findings(authentication=(Authentication("dkim", "none"),))
)
FORGED = {"spf": spf("fail"), "dkim": UNSIGNED}


def scanner(address: str) -> MailDMARCScanner:
    settings = MailDMARCSettings(servers=(address,), timeout=60.0)
    return build(settings, ground(clock=reactor))


async def scan(
    address: str,
    author: str = "example.com",
    found: Mapping[str, ScannerResult] = FORGED,
    envelope: Envelope = ENVELOPE,
) -> Findings:
    message = Message("m", envelope, f"From: A <a@{author}>\r\n\r\nx".encode())
    return await scanner(address).scan(message, found)


class MailDMARCContract:
    """Subclasses give `address`, a fixture."""

    async def test_probe(self, address: str) -> None:
        """A probe succeeds while the service is up."""
        await scanner(address).probe()

    @pytest.mark.parametrize(
        ("author", "symbol"),
        [
            ("example.com", "MAILDMARC_REJECT"),
            ("example.net", "MAILDMARC_QUARANTINE"),
            ("example.org", "MAILDMARC_FAIL"),
            ("example.edu", "MAILDMARC_NONE"),
        ],
    )
    async def test_policy(self, address: str, author: str, symbol: str) -> None:
        """What is not the author's meets the author's policy."""
        found = {"spf": spf("pass", "example.edu"), "dkim": UNSIGNED}
        if author == "example.edu":
            found = FORGED
        [stated] = (await scan(address, author, found)).symbols
        assert (stated.name, stated.options) == (symbol, (author,))

    @pytest.mark.parametrize(
        "found",
        [
            {"spf": spf("pass"), "dkim": UNSIGNED},
            {"spf": spf("softfail"), "dkim": dkim("pass")},
            {"spf": ScannerResult("spf", State.SKIPPED), "dkim": dkim("pass")},
        ],
        ids=["spf", "dkim", "dkim alone"],
    )
    async def test_pass(self, address: str, found: Mapping[str, ScannerResult]) -> None:
        """One proof of the author's domain is enough."""
        findings = await scan(address, found=found)
        assert [s.name for s in findings.symbols] == ["MAILDMARC_PASS"]
        assert findings.flagged == ()

    async def test_strange_envelope(self, address: str) -> None:
        """A forger cannot escape by a sender's domain that nobody has."""
        envelope = Envelope(sender="a@x.internal", recipients=("b@y.internal",))
        findings = await scan(address, envelope=envelope)
        assert findings.flagged == ("reject",)
