"""sc.scanners.dkim: what it states of right, broken, late and missing signatures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.content.dkim_verify import MAX_FIELDS
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Symbol
from sc.scanners.dkim import DKIMScanner, DKIMSettings
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from tests.fakes.inline_offload import inline
from tests.fakes.senders import senders
from tests.fakes.signed_mail import NEWS, record, sign
from tests.fakes.zone_records import ZoneRecords

SELECTOR = "s1._domainkey"


def scanner(folder: Path, made: Senders | None = None) -> DKIMScanner:
    key = record(folder).decode()
    zone: dict[str, Sequence[Mapping[str, Any] | str]] = {
        f"{SELECTOR}.sender.example": [{"TXT": key}],
        f"{SELECTOR}.other.example": [{"TXT": key}],
        f"{SELECTOR}.tries.example": [{"TXT": f"{key}; t=y"}],
        f"{SELECTOR}.broken.example": ["TIMEOUT"],
    }
    return DKIMScanner(made or senders(zone), inline(), DKIMSettings(timeout=10.0))


async def symbols(folder: Path, content: bytes) -> dict[str, tuple[str, ...]]:
    found = await scanner(folder).scan(Message("m", Envelope(), content), {})
    assert all(s.score == 0.0 and s.description for s in found.symbols)
    assert not found.flagged
    assert found.passed
    return {s.name: s.options for s in found.symbols}


async def test_valid(tmp_path: Path) -> None:
    """Who signed is named once each, also where other signatures are broken."""
    mail = sign(sign(sign(NEWS), "other.example"), "missing.example")
    assert await symbols(tmp_path, mail) == {
        "DKIM_VALID": ("other.example", "sender.example"),
        "DKIM_INVALID": ("missing.example",),
    }


async def test_each_signature_is_told(tmp_path: Path) -> None:
    """Authentication-Results can tell two signatures apart."""
    mail = sign(sign(NEWS), "missing.example")
    found = await scanner(tmp_path).scan(Message("m", Envelope(), mail), {})
    missing, right = found.authentication
    assert (missing.result, missing.reason) == (
        "permerror", "its key is not in DNS"
    )  # fmt: skip
    assert (right.result, right.reason) == ("pass", "")
    told = dict(right.properties)
    assert (told["header.d"], told["header.s"]) == ("sender.example", "s1")
    assert len(told["header.b"]) == 8
    unsigned = await scanner(tmp_path).scan(Message("m", Envelope(), NEWS), {})
    assert [one.result for one in unsigned.authentication] == ["none"]


async def test_changed(tmp_path: Path) -> None:
    """A changed message is not the signer's."""
    mail = sign(NEWS).replace(b"Bob.", b"Eve.")
    assert await symbols(tmp_path, mail) == {"DKIM_INVALID": ("sender.example",)}


@pytest.mark.parametrize(
    ("domain", "symbol"),
    [("tries.example", "DKIM_TESTING"), ("broken.example", "DKIM_TEMPERROR")],
)
async def test_no_proof(tmp_path: Path, domain: str, symbol: str) -> None:
    """A key under test, or one that cannot be asked for, proves nothing."""
    assert await symbols(tmp_path, sign(NEWS, domain)) == {symbol: (domain,)}


async def test_partial(tmp_path: Path) -> None:
    """That somebody may have added to the body is told."""
    mail = sign(NEWS, length=True) + b"more\r\n"
    assert await symbols(tmp_path, mail) == {
        "DKIM_VALID": ("sender.example",),
        "DKIM_PARTIAL": ("sender.example",),
    }


async def test_none(tmp_path: Path) -> None:
    """Most spam is not signed."""
    assert await symbols(tmp_path, NEWS) == {"DKIM_NONE": ()}


async def test_too_large(tmp_path: Path) -> None:
    """Above the bound nothing is verified, which is not the same as broken."""
    mail = sign(b"X: y\r\n" * MAX_FIELDS + NEWS)
    assert await symbols(tmp_path, mail) == {"DKIM_TOO_LARGE": ("sender.example",)}


class SilentRecords(ZoneRecords):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return await Deferred()


async def test_late(tmp_path: Path) -> None:
    """DNS that does not answer in time says neither ham nor spam."""
    clock = Clock()
    silent = Senders(clock, SilentRecords({}), lambda _: Direction.INBOUND)
    message = Message("m", Envelope(), sign(NEWS))
    work = Deferred.fromCoroutine(scanner(tmp_path, silent).scan(message, {}))
    clock.advance(10.0)
    [symbol] = (await work).symbols
    assert isinstance(symbol, Symbol)
    assert (symbol.name, symbol.options) == ("DKIM_TEMPERROR", ("sender.example",))


async def test_left_alone(tmp_path: Path) -> None:
    """What our own users send is not signed yet."""
    made = scanner(tmp_path, senders(direction=Direction.OUTBOUND))
    with pytest.raises(NotScannedError, match="not from outside"):
        await made.scan(Message("m", Envelope(), NEWS), {})


async def test_what_it_is(tmp_path: Path) -> None:
    """Built in: nothing to wait for, nothing to probe."""
    made = scanner(tmp_path)
    await made.probe()
    assert (made.name, made.needs) == ("dkim", ())
    assert made.interface is Interface.BUILTIN
