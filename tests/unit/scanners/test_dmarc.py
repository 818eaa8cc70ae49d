"""sc.scanners.dmarc: what it makes of SPF's and DKIM's results, and of DNS."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.scanners.dmarc import DMARCScanner, DMARCSettings
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from tests.fakes.senders import senders
from tests.fakes.zone_records import ZoneRecords


def _policy(rest: str) -> list[Mapping[str, Any] | str]:
    return [{"TXT": f"v=DMARC1; {rest}"}]


ZONE: dict[str, Sequence[Mapping[str, Any] | str]] = {
    "_dmarc.bank.example": _policy("p=reject; sp=quarantine"),
    "_dmarc.own.bank.example": _policy("p=none"),
    "_dmarc.strict.example": _policy("p=reject; adkim=s; aspf=s"),
    "_dmarc.mild.example": _policy("p=quarantine; pct=0"),
    "_dmarc.two.example": [*_policy("p=reject"), *_policy("p=none")],
    "_dmarc.broken.example": ["TIMEOUT"],
    "_dmarc.silent.example": [{"TXT": "hello"}],
}


def done(*symbols: Symbol) -> ScannerResult:
    return ScannerResult("x", State.DONE, Findings(symbols))


FORGED = {
    "spf": done(Symbol("SPF_FAIL")),
    "dkim": done(Symbol("DKIM_NONE")),
    "arc": done(Symbol("ARC_PASS", options=("bank.example",))),
}


def proved(symbol: str, *domains: str) -> dict[str, ScannerResult]:
    scanner = symbol[: symbol.index("_")].lower()
    return {**FORGED, scanner: done(Symbol(symbol, options=domains))}


def mail(author: str = "bank.example") -> Message:
    return Message("m", Envelope(), f"From: a@{author}\r\n\r\n".encode())


def scanner(made: Senders | None = None) -> DMARCScanner:
    return DMARCScanner(made or senders(ZONE), DMARCSettings(timeout=10.0))


async def symbol(
    message: Message, found: Mapping[str, ScannerResult] = FORGED
) -> Symbol:
    findings = await scanner().scan(message, found)
    [stated] = findings.symbols
    assert stated.description
    assert bool(findings.flagged) is (stated.score > 0)
    assert bool(findings.passed) is not bool(findings.flagged)
    return stated


@pytest.mark.parametrize(
    ("author", "result", "rest"),
    [
        ("bank.example", "fail", (("policy.dmarc", "reject"),)),
        ("own.bank.example", "fail", (("policy.dmarc", "none"),)),
        ("unknown.example", "none", ()),
        ("two.example", "permerror", ()),
        ("broken.example", "temperror", ()),
    ],
)
async def test_told(
    author: str, result: str, rest: tuple[tuple[str, str], ...]
) -> None:
    """RFC 8601's words, with what the policy comes to."""
    [told] = (await scanner().scan(mail(author), FORGED)).authentication
    assert told.result == result
    assert told.properties == (("header.from", author), *rest)


@pytest.mark.parametrize(
    ("author", "name", "score"),
    [
        ("bank.example", "DMARC_REJECT", 4.0),
        ("www.BANK.example", "DMARC_QUARANTINE", 2.0),
        ("own.bank.example", "DMARC_NONE", 0.0),
        ("mild.example", "DMARC_NONE", 0.0),
        ("unknown.example", "DMARC_NO_POLICY", 0.0),
        ("silent.example", "DMARC_NO_POLICY", 0.0),
        ("two.example", "DMARC_PERMERROR", 0.0),
        ("broken.example", "DMARC_TEMPERROR", 0.0),
    ],
)
async def test_forged(author: str, name: str, score: float) -> None:
    """What nobody proved gets what the author's domain asks for."""
    stated = await symbol(mail(author))
    assert (stated.name, stated.score, stated.options) == (
        name, score, (author.lower(),)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "author", "name"),
    [
        (proved("SPF_PASS", "bank.example"), "bank.example", "DMARC_PASS"),
        (proved("SPF_PASS", "mail.bank.example"), "bank.example", "DMARC_PASS"),
        (proved("DKIM_VALID", "x.example", "bank.example"), "bank.example",
         "DMARC_PASS"),
        (proved("DKIM_VALID", "strict.example"), "strict.example", "DMARC_PASS"),
        (proved("DKIM_VALID", "a.strict.example"), "strict.example", "DMARC_REJECT"),
        (proved("SPF_PASS", "a.strict.example"), "strict.example", "DMARC_REJECT"),
        (proved("SPF_PASS", "evil.example"), "bank.example", "DMARC_REJECT"),
        (proved("DKIM_TESTING", "bank.example"), "bank.example", "DMARC_REJECT"),
        (proved("SPF_TEMPERROR", "bank.example"), "bank.example", "DMARC_TEMPERROR"),
        (proved("SPF_TEMPERROR", "evil.example"), "bank.example", "DMARC_REJECT"),
        (proved("DKIM_TEMPERROR", "bank.example"), "bank.example", "DMARC_TEMPERROR"),
        (proved("DKIM_TOO_LARGE", "bank.example"), "bank.example", "DMARC_TEMPERROR"),
        (FORGED | {"spf": ScannerResult("spf", State.ERROR, error="internal error")},
         "bank.example", "DMARC_TEMPERROR"),
        (proved("DKIM_VALID", "bank.example")
         | {"spf": ScannerResult("spf", State.SKIPPED, reason="x")},
         "bank.example", "DMARC_PASS"),
    ],
)  # fmt: skip
async def test_proofs(found: dict[str, ScannerResult], author: str, name: str) -> None:
    """One proof for a related domain is enough; a doubt about one is no failure."""
    assert (await symbol(mail(author), found)).name == name


async def test_forgiven() -> None:
    """Who is trusted found this very author's domain right; another is no help."""
    stated = await symbol(mail(), proved("ARC_TRUSTED", "bank.example"))
    assert (stated.name, stated.score) == ("DMARC_OVERRIDDEN_BY_ARC", 0.0)
    stated = await symbol(mail(), proved("ARC_TRUSTED", "other.example"))
    assert stated.name == "DMARC_REJECT"
    found = proved("ARC_TRUSTED", "bank.example")
    [told] = (await scanner().scan(mail(), found)).authentication
    assert (told.result, told.properties[-1]) == ("fail", ("policy.dmarc", "none"))


async def test_nobody_looked() -> None:
    """Where the client is not known SPF says nothing, and so do we."""
    skipped = ScannerResult("spf", State.SKIPPED, reason="the client is not known")
    with pytest.raises(NotScannedError, match="spf did not look: the client is not"):
        await scanner().scan(mail(), FORGED | {"spf": skipped})


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"To: a@bank.example", "DMARC_NO_FROM"),
        (b"From: a@bank.example, b@x.example", "DMARC_SEVERAL_FROM"),
    ],
)
async def test_no_author(header: bytes, name: str) -> None:
    """Without one domain in From nobody can be asked."""
    stated = await symbol(Message("m", Envelope(), header + b"\r\n\r\n"))
    assert (stated.name, stated.score, stated.options) == (name, 2.0, ())


class SilentRecords(ZoneRecords):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return await Deferred()


async def test_late() -> None:
    """DNS that does not answer in time says neither ham nor spam."""
    clock = Clock()
    silent = Senders(clock, SilentRecords({}), lambda _: Direction.INBOUND)
    work = Deferred.fromCoroutine(scanner(silent).scan(mail(), FORGED))
    clock.advance(10.0)
    [stated] = (await work).symbols
    assert (stated.name, stated.options) == ("DMARC_TEMPERROR", ("bank.example",))


async def test_left_alone() -> None:
    """Our own users are not asked who they are."""
    made = scanner(senders(direction=Direction.OUTBOUND))
    with pytest.raises(NotScannedError, match="not from outside"):
        await made.scan(mail(), {})


async def test_what_it_is() -> None:
    """Built in; it waits for SPF and DKIM."""
    made = scanner()
    await made.probe()
    assert (made.name, made.needs) == ("dmarc", ("spf", "dkim", "arc"))
    assert made.interface is Interface.BUILTIN
