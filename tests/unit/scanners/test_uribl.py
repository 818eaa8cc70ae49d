"""sc.scanners.uribl: which domains of a message are asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.settings import Enabled
from sc.scanners.uribl import URIBLScanner, URIBLSettings, URIZoneSettings, build
from sc.scanners.zones import Meaning
from tests.fakes.ground import ground
from tests.fakes.zone_records import ZoneRecords

ZONE: Mapping[str, Sequence[Mapping[str, Any] | str]] = {
    "test.domains.example": [{"A": "127.0.0.2"}],
    "2.0.0.127.domains.example": [{"A": "127.0.0.2"}],
    "evil.com.domains.example": [{"A": "127.0.0.72"}],
    "9.9.9.9.domains.example": [{"A": "127.0.0.8"}],
    "known.com.hosts.example": [{"A": "127.0.1.2"}],
    "www.evil.com.hosts.example": [{"A": "127.0.1.5"}],
}
CODE = "domains.example:127.0.0."
BITS = {
    "8": Meaning(score=3.0, symbol="URIBL_PHISHING"),
    "64": Meaning(score=2.0, symbol="URIBL_SPAM"),
}
SETTINGS = URIBLSettings(
    enabled=Enabled.TRUE,
    zones=(
        URIZoneSettings(zone="domains.example", bits=BITS),
        URIZoneSettings(
            zone="hosts.example", score=1.5, whole_names=True, test="known.com"
        ),
    ),
)


async def scanner(
    settings: URIBLSettings = SETTINGS, direction: Direction = Direction.INBOUND
) -> URIBLScanner:
    stands_on = evolve(
        ground(ZONE, direction=direction), ignored_hosts=frozenset({"ignored.com"})
    )
    made = build(settings, stands_on)
    await made.probe()
    return made


def mail(*urls: str) -> Message:
    envelope = Envelope(recipients=("u@Ours.example.org.", "u@com", "nobody"))
    return Message("m", envelope, "\r\n".join(["", *urls, ""]).encode())


def asked(made: URIBLScanner) -> list[str]:
    records = made._senders.records
    assert isinstance(records, ZoneRecords)
    return [name for name, _ in records.asked]


def symbols(found: Findings) -> dict[str, tuple[float, tuple[str, ...]]]:
    return {s.name: (s.score, s.options) for s in found.symbols}


@pytest.mark.parametrize("direction", Direction)
async def test_listed(direction: Direction) -> None:
    """Domains and whole names, as each list wants them; our own users', too."""
    made = await scanner(direction=direction)
    found = await made.scan(mail("http://www.evil.com/", "http://9.9.9.9/"), {})
    assert symbols(found) == {
        "URIBL_PHISHING": (
            3.0,
            ("9.9.9.9", CODE + "8", "evil.com", CODE + "72"),
        ),
        "URIBL_SPAM": (2.0, ("evil.com", CODE + "72")),
        "URIBL_HOSTS_EXAMPLE": (1.5, ("www.evil.com", "hosts.example:127.0.1.5")),
    }
    assert found.flagged
    # A list of names that has no test entry for addresses is not asked for them.
    assert "9.9.9.9.hosts.example" not in asked(made)
    assert "www.evil.com.domains.example" not in asked(made)


async def test_not_asked() -> None:
    """Hosts that the operator ignores, the recipients' own, and what is no host."""
    made = await scanner()
    before = asked(made)
    for url in ("http://a.ignored.com/", "http://x.ours.example.org/", "mailto:a@b.c"):
        with pytest.raises(NotScannedError, match="no link"):
            await made.scan(mail(url), {})
    assert asked(made) == before


async def test_bounded() -> None:
    """More domains than may be asked for are told, not asked."""
    made = await scanner(evolve(SETTINGS, max_domains=2))
    before = len(asked(made))
    found = await made.scan(mail(*(f"http://h{i}.com/" for i in range(5))), {})
    assert symbols(found) == {"URIBL_MORE": (0.0, ("3",))}
    assert len(asked(made)) - before == 4
    assert found.passed == ("not listed",)


async def test_long_names() -> None:
    """A name for which no room is left before the list's is on no list."""
    label = "a" * 60
    made = await scanner()
    found = await made.scan(mail(f"http://{'.'.join([label] * 4)}.com/"), {})
    assert found.passed == ("not listed",)


async def test_what_it_is() -> None:
    """Built in, and off: the operator chooses the lists."""
    made = await scanner()
    assert (made.name, made.needs) == ("uribl", ())
    assert made.interface is Interface.BUILTIN
    assert URIBLSettings().enabled is Enabled.FALSE
