"""sc.scanners.dnsbl: whom it asks for, and whom never."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.scanners.dnsbl import DNSBLScanner, DNSBLSettings, build
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.settings import Enabled
from sc.scanners.zones import Meaning, ZoneSettings
from tests.fakes.ground import ground
from tests.fakes.zone_records import ZoneRecords

ZONE: Mapping[str, Sequence[Mapping[str, Any] | str]] = {
    "2.0.0.127.bl.example": [{"A": "127.0.0.2"}],
    "8.8.8.8.bl.example": [{"A": "127.0.0.2"}, {"A": "127.0.0.10"}],
    "2.0.0.127.ok.example": [{"A": "127.0.0.2"}],
    "9.9.9.9.ok.example": [{"A": "127.0.5.1"}],
}
SETTINGS = DNSBLSettings(
    enabled=Enabled.TRUE,
    zones=(
        ZoneSettings(
            zone="bl.example",
            score=2.5,
            codes={"127.0.0.10": Meaning(score=0.5, symbol="DNSBL_DYNAMIC")},
        ),
        ZoneSettings(zone="ok.example", score=-3.0, symbol="DNSBL_KNOWN"),
    ),
)


async def scanner(direction: Direction = Direction.INBOUND) -> DNSBLScanner:
    made = build(SETTINGS, ground(ZONE, direction=direction))
    await made.probe()
    return made


def mail(client: str | None) -> Message:
    ip = ip_address(client) if client else None
    return Message("m", Envelope(client_ip=ip), b"")


async def test_listed() -> None:
    """A symbol for each meaning, with list and code."""
    found = await (await scanner()).scan(mail("8.8.8.8"), {})
    first, second = found.symbols
    assert (first.name, first.score) == ("DNSBL_BL_EXAMPLE", 2.5)
    assert first.options == ("bl.example:127.0.0.2",)
    assert (second.name, second.score) == ("DNSBL_DYNAMIC", 0.5)
    assert second.options == ("bl.example:127.0.0.10",)
    assert found.flagged == ("DNSBL_BL_EXAMPLE", "DNSBL_DYNAMIC")
    assert not found.passed


async def test_allowed() -> None:
    """A list may speak for a client; an IPv4 address in IPv6's dress is one."""
    for client in ("9.9.9.9", "::ffff:9.9.9.9"):
        found = await (await scanner()).scan(mail(client), {})
        [symbol] = found.symbols
        assert (symbol.name, symbol.score) == ("DNSBL_KNOWN", -3.0)
        assert (found.flagged, found.passed) == ((), ("not listed",))


async def test_not_listed() -> None:
    """Most clients are on no list."""
    found = await (await scanner()).scan(mail("1.1.1.1"), {})
    assert (found.symbols, found.passed) == ((), ("not listed",))


@pytest.mark.parametrize(
    ("client", "direction", "reason"),
    [
        ("8.8.8.8", Direction.OUTBOUND, "not from outside"),
        ("127.0.0.1", Direction.LOCAL, "not from outside"),
        (None, Direction.INBOUND, "not known"),
        ("10.0.0.1", Direction.INBOUND, "not public"),
        ("fe80::1", Direction.INBOUND, "not public"),
        ("::ffff:192.168.1.1", Direction.INBOUND, "not public"),
        ("2606:4700::1111", Direction.INBOUND, "no list takes"),
    ],
)
async def test_left_alone(
    client: str | None, direction: Direction, reason: str
) -> None:
    """Our own users, private addresses, and what no list has, are not asked for."""
    made = build(SETTINGS, ground(ZONE, direction=direction))
    await made.probe()
    records = made._senders.records
    assert isinstance(records, ZoneRecords)
    asked = len(records.asked)
    with pytest.raises(NotScannedError, match=reason):
        await made.scan(mail(client), {})
    assert len(records.asked) == asked


async def test_what_it_is() -> None:
    """Built in, and off: the operator chooses the lists."""
    made = await scanner()
    assert (made.name, made.needs) == ("dnsbl", ())
    assert made.interface is Interface.BUILTIN
    assert DNSBLSettings().enabled is Enabled.FALSE
    assert DNSBLSettings().zones == ()
