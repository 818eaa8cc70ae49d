"""sc.scanners.icap: scanners that the operator names, and what they state."""

from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.config.load import Source
from sc.config.schema import load
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, names_virus
from sc.scanners.icap import ICAPSettings, build
from sc.scanners.interface import Interface, NotScannedError, ScannerError
from sc.scanners.registry import ScannersSettings, build_scanners
from tests.contract.icap import HEAD, scan, scanner
from tests.fakes.faults import serving
from tests.fakes.ground import ground
from tests.fakes.icap import OPTIONS, FakeICAP, answer, found

SAMPLES = Path(__file__).resolve().parent.parent.parent.parent / "etc/icap"
ENCRYPTED = b"X-Infection-Found: Type=2; Resolution=2; Threat=Encrypted container;"


async def findings(reply: bytes) -> Findings:
    async with serving(lambda: FakeICAP(reply=reply)) as (address, _):
        return await scan(address, HEAD)


async def test_virus() -> None:
    """Policy rejects by the symbol's name, whatever the scanner is called."""
    [symbol] = (await findings(found(b"Evil"))).symbols
    assert (symbol.name, symbol.options) == ("MY_GATE_VIRUS", ("Evil",))
    assert names_virus(symbol.name)


async def test_violation() -> None:
    """What only breaks a rule of the service is told, and judges nothing."""
    told = await findings(answer(ENCRYPTED))
    [symbol] = told.symbols
    assert (symbol.name, symbol.score) == ("MY_GATE_VIOLATION", 0.0)
    assert told.flagged == ("Encrypted container",)


async def test_other_service() -> None:
    """A service that does not offer the method is an error that says so."""
    options = b"ICAP/1.0 200 OK\r\nMethods: REQMOD\r\n\r\n"
    async with serving(lambda: FakeICAP(options=options)) as (address, _):
        with pytest.raises(ScannerError, match="does not offer RESPMOD"):
            await scan(address, HEAD)
        with pytest.raises(ScannerError, match="does not offer RESPMOD"):
            await scanner(address).probe()


class Impatient(FakeICAP):
    """Knows enough of a message at its first octets, and reads no more."""

    def _read_head(self) -> bool:
        goes_on = super()._read_head()
        if self._body_at < 0:
            return goes_on
        self.write(found(b"Evil"))
        cast(Any, self.transport).pauseProducing()
        return False


async def test_known_early() -> None:
    """A verdict counts at once, though the rest of the message is not taken."""
    options = OPTIONS.replace(b"Preview: 1024\r\n", b"")
    async with serving(lambda: Impatient(options=options)) as (address, _):
        told = await scan(address, HEAD + bytes(20 << 20))
    assert told.flagged == ("Evil",)


@pytest.mark.parametrize(("content", "why"), [(b"", "empty"), (b"abcdef", "larger")])
async def test_left_alone(content: bytes, why: str) -> None:
    """An empty and a too large message are not shown."""
    settings = ICAPSettings(service="x", max_octets=5)
    gate = build("gate", settings, ground(clock=reactor))
    with pytest.raises(NotScannedError, match=why) as raised:
        await gate.scan(Message("m", Envelope(), content), {})
    symbol = raised.value.symbol
    assert (symbol.name if symbol else "") == ("GATE_TOO_LARGE" if content else "")


def test_impossible_service() -> None:
    """A service is a path of printable characters."""
    with pytest.raises(ValueError, match="path of an ICAP address"):
        ICAPSettings(service="a b")


def test_named() -> None:
    """Each entry of the mapping is a scanner of its name."""
    one, other = ICAPSettings(service="a"), ICAPSettings(service="b")
    settings = ScannersSettings(icap={"one": one, "other": other})
    last = build_scanners(settings, ground())[-2:]
    assert [(e.name, e.scanner.interface) for e in last] == [
        ("one", Interface.NETWORK),
        ("other", Interface.NETWORK),
    ]
    assert [s.interface for s in build("x", one, ground()).servers()] == ["network"]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda p: p.stem)
def test_samples(path: Path) -> None:
    """What an operator may copy is a configuration."""
    assert load(Source(path.name, path)).scanners.icap
