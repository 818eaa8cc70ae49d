"""sc.scanners.arc: what it states of chains, and whom it trusts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from sc.content.dkim_message import MAX_BLANKS
from sc.content.dkim_verify import MAX_FIELDS
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import Findings
from sc.offload import Offload
from sc.scanners.arc import ARCScanner, ARCSettings
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from tests.fakes.inline_threads import InlineThreads
from tests.fakes.sealed_mail import seal
from tests.fakes.senders import senders
from tests.fakes.signed_mail import NEWS, record
from tests.fakes.zone_records import ZoneRecords


def scanner(folder: Path, *trusted: str, made: Senders | None = None) -> ARCScanner:
    key = [{"TXT": record(folder).decode()}]
    zone: dict[str, Sequence[Mapping[str, Any] | str]] = {
        "s1._domainkey.list.example": key,
        "s1._domainkey.relay.example": key,
        "s1._domainkey.slow.example": ["TIMEOUT"],
    }
    settings = ARCSettings(timeout=10.0, trusted_sealers=trusted)
    threads = cast(Any, InlineThreads())
    return ARCScanner(made or senders(zone), Offload(threads, threads), settings)


async def scan(folder: Path, mail: bytes, *trusted: str) -> Findings:
    message = Message("m", Envelope(), mail)
    found = await scanner(folder, *trusted).scan(message, {})
    assert all(s.score == 0.0 and s.description for s in found.symbols)
    assert found.passed
    return found


async def symbols(
    folder: Path, mail: bytes, *trusted: str
) -> dict[str, tuple[str, ...]]:
    found = await scan(folder, mail, *trusted)
    return {s.name: s.options for s in found.symbols}


async def test_symbols(tmp_path: Path) -> None:
    """The sealing domains are named, the newest first."""
    mail = seal(seal(NEWS), "relay.example")
    sealers = ("relay.example", "list.example")
    assert await symbols(tmp_path, mail) == {"ARC_PASS": sealers}
    changed = mail.replace(b"Bob.", b"Eve.")
    assert await symbols(tmp_path, changed) == {"ARC_FAIL": sealers}
    assert await symbols(tmp_path, NEWS) == {"ARC_NONE": ()}
    assert await symbols(tmp_path, mail[mail.index(b"\r\nARC") + 2 :]) == {
        "ARC_FAIL": ()
    }
    slow = seal(NEWS, "slow.example")
    assert await symbols(tmp_path, slow) == {"ARC_TEMPERROR": ("slow.example",)}


async def test_trusted(tmp_path: Path) -> None:
    """The word of trusted sealers counts, unless somebody else sealed as well."""
    mail = seal(seal(NEWS, found="dmarc=none"), "relay.example")
    both = ("list.example", "relay.example")
    found = await symbols(tmp_path, mail, *both)
    assert found["ARC_TRUSTED"] == ("sender.example",)
    for some in (both[:1], both[1:], ()):
        assert "ARC_TRUSTED" not in await symbols(tmp_path, mail, *some)
    plain = seal(NEWS, found="dmarc=fail header.from=sender.example")
    assert "ARC_TRUSTED" not in await symbols(tmp_path, plain, *both)
    changed = mail.replace(b"Bob.", b"Eve.")
    assert "ARC_TRUSTED" not in await symbols(tmp_path, changed, *both)


async def test_told(tmp_path: Path) -> None:
    """In RFC 8617's words, of which there is none for what comes later."""
    words = [
        [one.result for one in (await scan(tmp_path, mail)).authentication]
        for mail in (seal(NEWS), NEWS, seal(NEWS) + b"x", seal(NEWS, "slow.example"))
    ]
    assert words == [["pass"], ["none"], ["fail"], []]


@pytest.mark.parametrize(
    "mail",
    [
        b"X: y\r\n" * MAX_FIELDS + seal(NEWS),
        seal(NEWS + b"a b " * MAX_BLANKS),
        seal(NEWS + bytes(2 << 20)),
    ],
    ids=["fields", "blanks", "octets"],
)
async def test_too_large(tmp_path: Path, mail: bytes) -> None:
    """Above the bounds nothing is verified, which is not the same as broken."""
    made = scanner(tmp_path)
    with pytest.raises(NotScannedError, match="too large") as raised:
        await made.scan(Message("m", Envelope(), mail), {})
    assert raised.value.symbol is not None
    assert raised.value.symbol.name == "ARC_TOO_LARGE"


class SilentRecords(ZoneRecords):
    async def txt(self, name: str) -> tuple[bytes, ...]:
        return await Deferred()


async def test_late(tmp_path: Path) -> None:
    """DNS that does not answer in time says neither ham nor spam."""
    clock = Clock()
    silent = Senders(clock, SilentRecords({}), lambda _: Direction.INBOUND)
    message = Message("m", Envelope(), seal(NEWS))
    asked = scanner(tmp_path, made=silent)
    work = Deferred.fromCoroutine(asked.scan(message, {}))
    clock.advance(10.0)
    [symbol] = (await work).symbols
    assert symbol.name == "ARC_TEMPERROR"


async def test_what_it_is(tmp_path: Path) -> None:
    """Built in, for mail from outside."""
    made = scanner(tmp_path, made=senders(direction=Direction.OUTBOUND))
    await made.probe()
    assert (made.name, made.needs, made.interface) == ("arc", (), Interface.BUILTIN)
    with pytest.raises(NotScannedError, match="not from outside"):
        await made.scan(Message("m", Envelope(), NEWS), {})
    with pytest.raises(ValueError, match="must be a domain"):
        ARCSettings(trusted_sealers=("Example.ORG",))
