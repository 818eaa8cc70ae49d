"""What an operator may say about a list in DNS, and what its codes then mean."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from attrs import field, frozen

from sc.content.list_codes import CODES, Kind, refusal

_NAME = re.compile(r"(?=.{1,200}\Z)(?>(?:[A-Za-z0-9_-]{1,63}\.)*)[A-Za-z0-9-]{1,63}")
_SYMBOL = re.compile(r"[A-Z0-9_]{1,60}")
_BITS = frozenset(str(1 << place) for place in range(8))


def _zone(_instance: object, _attribute: Any, value: str) -> None:
    if not _NAME.fullmatch(value) or "." not in value:
        raise ValueError(f"{value!r} is not the name of a zone, such as bl.example.org")


def is_name(_instance: object, _attribute: Any, value: str) -> None:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a name in DNS")


def _symbol(_instance: object, _attribute: Any, value: str) -> None:
    if value and not _SYMBOL.fullmatch(value):
        raise ValueError(f"{value!r} is not a symbol: A-Z 0-9 _")


def _score(_instance: object, _attribute: Any, value: float) -> None:
    if not abs(value) <= 1000:
        raise ValueError("must be between -1000 and 1000")


def _codes(_instance: object, _attribute: Any, value: dict[str, "Meaning"]) -> None:
    for text in value:
        try:
            network = IPv4Network(text)
        except ValueError as e:
            raise ValueError(f"{text!r} is not a code, such as 127.0.0.2") from e
        if not network.subnet_of(CODES) or refusal([network.network_address]):
            raise ValueError(f"{text}: no list says that of what it has")


def _bits(_instance: object, _attribute: Any, value: dict[str, "Meaning"]) -> None:
    for text in value:
        if text not in _BITS:
            raise ValueError(f"{text!r} is not a bit: 1, 2, 4 and so on up to 128")


@frozen(kw_only=True)
class Meaning:
    """
    What a code says; a number alone is its score.

    @ivar score: that it counts; below 0 it speaks for the message.
    @ivar symbol: empty: that of the zone.
    """

    score: float = field(default=1.0, validator=_score, metadata={"alone": True})
    symbol: str = field(default="", validator=_symbol)


@frozen(kw_only=True)
class ZoneSettings:
    """
    A list in DNS.

    @ivar zone: its name; alone it is enough.
    @ivar score: of what it lists, unless `codes` or `bits` say another; below 0 it
        speaks for the message.
    @ivar symbol: empty: made from the zone's name.
    @ivar codes: what an answer means, by address or network; the first that fits.
    @ivar bits: what a bit of the answer's last octet means, where an answer may say
        several things at once.
    """

    zone: str = field(validator=_zone, metadata={"alone": True})
    score: float = field(default=1.0, validator=_score)
    symbol: str = field(default="", validator=_symbol)
    codes: dict[str, Meaning] = field(factory=dict, validator=_codes)
    bits: dict[str, Meaning] = field(factory=dict, validator=_bits)

    def test_entry(self, kind: Kind) -> str:
        """What it lists so that it can be tested."""
        return kind.listed

    def takes(self, *, whole: bool | None) -> bool:
        """Whether it is asked for whole names, domains, or (None) addresses."""
        return whole is None

    def meanings(self, code: IPv4Address) -> tuple[Meaning, ...]:
        """What a code says; one that nobody explains says that it is listed."""
        by_code = [m for text, m in self.codes.items() if code in IPv4Network(text)]
        by_bit = [m for bit, m in self.bits.items() if int(code) & int(bit)]
        return (*by_code[:1], *by_bit) or (Meaning(score=self.score),)

    def symbol_of(self, meaning: Meaning, prefix: str) -> str:
        """@param prefix: of all symbols of the scanner."""
        words = re.sub(r"[^A-Z0-9]", "_", self.zone.upper())
        return meaning.symbol or self.symbol or f"{prefix}{words}"


def are_zones(prefix: str) -> Callable[[object, Any, tuple[ZoneSettings, ...]], None]:
    """
    For a scanner's zones.

    @param prefix: how its symbols begin, so that a list cannot speak as another.
    """

    def check(_: object, __: Any, value: tuple[ZoneSettings, ...]) -> None:
        names = [one.zone.lower() for one in value]
        if len(set(names)) < len(names):
            raise ValueError("a zone stands here a second time")
        for zone in value:
            meanings = (*zone.codes.values(), *zone.bits.values())
            for symbol in (zone.symbol, *(one.symbol for one in meanings)):
                if symbol and not symbol.startswith(prefix):
                    raise ValueError(f"{symbol}: must begin with {prefix}")

    return check
