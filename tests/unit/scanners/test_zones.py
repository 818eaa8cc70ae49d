"""sc.scanners.zones: what a code of a list means."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from sc.scanners.dnsbl import DNSBLSettings
from sc.scanners.settings import Enabled
from sc.scanners.uribl import URIBLSettings, URIZoneSettings
from sc.scanners.zones import Meaning, ZoneSettings


def scores(zone: ZoneSettings, code: str) -> list[float]:
    return [one.score for one in zone.meanings(IPv4Address(code))]


def test_codes() -> None:
    """The first that fits, by address or network; others have the zone's score."""
    codes = {
        "127.0.0.2": Meaning(score=4.0),
        "127.0.0.0/29": Meaning(score=2.0),
    }
    zone = ZoneSettings(zone="bl.example.org", score=0.5, codes=codes)
    assert scores(zone, "127.0.0.2") == [4.0]
    assert scores(zone, "127.0.0.3") == [2.0]
    assert scores(zone, "127.0.0.9") == [0.5]


def test_bits() -> None:
    """One answer may say several things; each bit of the last octet is one."""
    bits = {"8": Meaning(score=3.0), "64": Meaning(score=2.0)}
    zone = ZoneSettings(zone="multi.example.org", score=0.0, bits=bits)
    assert scores(zone, "127.0.0.72") == [3.0, 2.0]
    assert scores(zone, "127.0.0.66") == [2.0]
    assert scores(zone, "127.0.0.2") == [0.0]


def test_symbols() -> None:
    """A meaning's own, else the zone's, else one made from its name."""
    plain = ZoneSettings(zone="Bl-1.example.org")
    named = ZoneSettings(zone="bl.example.org", symbol="DNSBL_B")
    assert plain.symbol_of(Meaning(), "DNSBL_") == "DNSBL_BL_1_EXAMPLE_ORG"
    assert named.symbol_of(Meaning(), "DNSBL_") == "DNSBL_B"
    assert named.symbol_of(Meaning(symbol="DNSBL_C"), "DNSBL_") == "DNSBL_C"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"zone": "localhost"}, "not the name of a zone"),
        ({"zone": "bl..example.org"}, "not the name of a zone"),
        ({"zone": "bl.example.org."}, "not the name of a zone"),
        ({"score": float("nan")}, "between"),
        ({"symbol": "dnsbl_x"}, "not a symbol"),
        ({"codes": {"listed": Meaning()}}, "not a code"),
        ({"codes": {"127.0.0.1": Meaning()}}, "no list says that"),
        ({"codes": {"127.255.255.254": Meaning()}}, "no list says that"),
        ({"codes": {"10.0.0.2": Meaning()}}, "no list says that"),
        ({"bits": {"3": Meaning()}}, "not a bit"),
        ({"test": "a b"}, "not a name in DNS"),
    ],
)
def test_impossible(wrong: dict[str, Any], words: str) -> None:
    """What no list answers cannot be configured."""
    with pytest.raises(ValueError, match=words):
        URIZoneSettings(**{"zone": "bl.example.org", **wrong})


def test_impossible_together() -> None:
    """Each list once, with symbols of its own scanner, and at least one."""
    zone = ZoneSettings(zone="bl.example.org")
    with pytest.raises(ValueError, match="second time"):
        DNSBLSettings(zones=(zone, ZoneSettings(zone="BL.example.org")))
    other = ZoneSettings(
        zone="bl.example.org", codes={"127.0.0.2": Meaning(symbol="X")}
    )
    with pytest.raises(ValueError, match="must begin with DNSBL_"):
        DNSBLSettings(zones=(other,))
    for settings in (DNSBLSettings, URIBLSettings):
        with pytest.raises(ValueError, match="needs zones"):
            settings(enabled=Enabled.AUTO)
