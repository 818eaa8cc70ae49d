"""sc.scanners.spf: what it states, and whom it leaves alone."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from sc.scanners.spf import SPFScanner, SPFSettings
from tests.fakes.senders import senders
from tests.fakes.zone_records import ZoneRecords

ZONE: dict[str, Sequence[Mapping[str, Any] | str]] = {
    f"{word}.example": [{"TXT": f"v=spf1 {sign}all"}]
    for word, sign in {"pass": "+", "fail": "-", "soft": "~", "neutral": "?"}.items()
}
CLIENT = ip_address("192.0.2.1")


def scanner(made: Senders | None = None) -> SPFScanner:
    zone = {**ZONE, "broken.example": ["TIMEOUT"], "bad.example": [{"TXT": "v=spf1 x"}]}
    return SPFScanner(made or senders(zone), SPFSettings(timeout=10.0))


def mail(sender: str | None = "u@pass.example", client: bool = True) -> Message:
    ip = CLIENT if client else None
    return Message("m", Envelope(sender=sender, client_ip=ip, helo="fail.example"), b"")


async def scan(message: Message) -> Findings:
    return await scanner().scan(message, {})


@pytest.mark.parametrize(
    ("sender", "symbol", "score"),
    [
        ("u@pass.example", "SPF_PASS", 0.0),
        ("u@FAIL.example", "SPF_FAIL", 1.0),
        ("", "SPF_FAIL", 1.0),
        ("u@soft.example", "SPF_SOFTFAIL", 0.5),
        ("u@neutral.example", "SPF_NEUTRAL", 0.0),
        ("u@silent.example", "SPF_NONE", 0.0),
        ("u@localhost", "SPF_NONE", 0.0),
        ("u@bad.example", "SPF_PERMERROR", 0.0),
        ("u@broken.example", "SPF_TEMPERROR", 0.0),
    ],
)
async def test_symbols(sender: str, symbol: str, score: float) -> None:
    """One symbol a message; what nobody can tell counts nothing."""
    found = await scan(mail(sender))
    [stated] = found.symbols
    assert (stated.name, stated.score) == (symbol, score)
    domain = sender.rpartition("@")[2].lower() or "fail.example"
    assert stated.options == (() if domain == "localhost" else (domain,))
    assert stated.description
    assert found.flagged == (("fail",) if symbol == "SPF_FAIL" else ())
    assert bool(found.passed) is not bool(found.flagged)
    [told] = found.authentication
    asked = "smtp.mailfrom" if sender else "smtp.helo"
    assert told.result == symbol.removeprefix("SPF_").lower()
    assert told.properties == ((asked, "".join(stated.options)),)


@pytest.mark.parametrize(
    ("message", "direction", "reason"),
    [
        (mail(), Direction.OUTBOUND, "not from outside"),
        (mail(), Direction.LOCAL, "not from outside"),
        (mail(client=False), Direction.INBOUND, "client's address is not known"),
        (mail(None), Direction.INBOUND, "sender is not known"),
    ],
)
async def test_left_alone(message: Message, direction: Direction, reason: str) -> None:
    """Our own users, and who is not known, cannot be checked: no symbol."""
    with pytest.raises(NotScannedError, match=reason) as raised:
        await scanner(senders(ZONE, direction=direction)).scan(message, {})
    assert raised.value.symbol is None


class SilentRecords(ZoneRecords):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return await Deferred()


async def test_late() -> None:
    """DNS that does not answer in time says neither ham nor spam."""
    clock = Clock()
    silent = Senders(clock, SilentRecords({}), lambda _: Direction.INBOUND)
    work = Deferred.fromCoroutine(scanner(silent).scan(mail(), {}))
    clock.advance(10.0)
    [symbol] = (await work).symbols
    assert (symbol.name, symbol.options) == ("SPF_TEMPERROR", ("pass.example",))
    left = Deferred.fromCoroutine(scanner(silent).scan(mail(), {}))
    left.cancel()
    with pytest.raises(CancelledError):
        await left
    assert not clock.getDelayedCalls()


async def test_what_it_is() -> None:
    """Built in: nothing to wait for, nothing to probe."""
    made = scanner()
    await made.probe()
    assert (made.name, made.needs) == ("spf", ())
    assert made.interface is Interface.BUILTIN
