"""sc.scanners.milter: what it shows a milter, and what it makes of the answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor

from sc.config.load import Source
from sc.config.schema import load
from sc.content.fields import MAX_FIELDS
from sc.model.message import Message
from sc.model.status import Health
from sc.scanners.interface import NotScannedError
from sc.scanners.milter import MAX_FIELD, MilterSettings, build
from sc.scanners.registry import ScannersSettings, build_scanners
from sc.wire.milter import Command, Reply, packet, strings
from tests.contract.milter import STRANGER, scanner
from tests.fakes.faults import refusing, serving
from tests.fakes.ground import ground
from tests.fakes.milter import FakeMilter

SAMPLES = Path(__file__).resolve().parent.parent.parent.parent / "etc/milters"
FORGED = b"Authentication-Results: mx.example.net; dkim=pass header.d=bank.example\r\n"
OTHER = b"Authentication-Results: elsewhere.example; dkim=pass\r\n"


def message(content: bytes) -> Message:
    return Message("m1", STRANGER, content)


def added(value: bytes) -> bytes:
    return packet(Reply.ADD_FIELD, strings(b"authentication-RESULTS", value))


async def symbols(
    edits: bytes = b"", says: Mapping[Command, bytes] | None = None
) -> dict[str, tuple[float, tuple[str, ...]]]:
    async with serving(lambda: FakeMilter(says=says, edits=edits)) as (address, _):
        found = await scanner(address).scan(message(b"A: b\r\n\r\nx"), {})
    assert bool(found.flagged) is not bool(found.passed)
    return {s.name: (s.score, s.options) for s in found.symbols}


async def test_results() -> None:
    """The results of one method, with their domains; others are another's affair."""
    edits = added(
        b"mx; dkim=pass header.d=a.example; spf=fail smtp.mailfrom=x@y.example;"
        b" dkim=fail header.d=b.example; dkim=pass header.i=@c.example"
    ) + packet(Reply.ADD_FIELD, strings(b"X-Other", b"mx; dkim=none"))
    assert await symbols(edits) == {
        "OPENDKIM_PASS": (0.0, ("a.example", "c.example")),
        "OPENDKIM_FAIL": (0.0, ("b.example",)),
    }


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (packet(Reply.CONTINUE), {}),
        (packet(Reply.REJECT), {"OPENDKIM_ACTION_REJECT": (4.0, ())}),
        (packet(Reply.TEMPFAIL), {"OPENDKIM_ACTION_SOFT_REJECT": (0.0, ())}),
        (
            packet(Reply.QUARANTINE, b"why\0") + packet(Reply.ACCEPT),
            {"OPENDKIM_ACTION_QUARANTINE": (4.0, ())},
        ),
    ],
)
async def test_actions(reply: bytes, expected: dict[str, object]) -> None:
    """What it would do is a symbol that `policy.scanner_actions` knows."""
    assert await symbols(says={Command.END_OF_MESSAGE: reply}) == expected


async def test_the_next_server(tmp_path: Path) -> None:
    """What one milter does not answer the next one does, by a UNIX socket, too."""
    path = tmp_path / "sock"
    async with serving(FakeMilter, path) as (good, _), refusing() as bad:
        settings = MilterSettings(servers=(bad, good), method="dkim")
        asked = build("opendkim", settings, ground(clock=cast(Any, reactor)))
        for _ in range(2):
            found = await asked.scan(message(b"A: b\r\n\r\nx"), {})
            assert [s.name for s in found.symbols] == ["OPENDKIM_NONE"]


async def test_forged_results_are_not_shown() -> None:
    """It cannot be made to believe what a stranger wrote under a trusted name."""
    async with serving(FakeMilter) as (address, factory):
        for believes in ("", "mx.example.net"):
            asked = scanner(address, believes=believes)
            await asked.scan(message(FORGED + OTHER + b"\r\nx"), {})
        plain, careful = factory.connections
        assert isinstance(plain, FakeMilter)
        assert isinstance(careful, FakeMilter)
        assert len(plain.told(Command.FIELD)) == 2
        [field] = careful.told(Command.FIELD)
        assert b"elsewhere.example" in field


@pytest.mark.parametrize(
    "content",
    [
        b"A: b\r\n\r\n" + bytes(26 << 20),
        b"A: b\r\n" * (MAX_FIELDS + 1),
        b"A: " + b"b" * (MAX_FIELD + 1),
        b"A: " + b"b" * (600 << 10),
    ],
)
async def test_too_large(content: bytes) -> None:
    """A message that cannot be shown whole is left alone, and a symbol says so."""
    with pytest.raises(NotScannedError) as raised:
        await scanner("127.0.0.1:1").scan(message(content), {})
    assert raised.value.symbol is not None
    assert raised.value.symbol.name == "OPENDKIM_TOO_LARGE"


async def test_by_a_socket_and_by_a_name() -> None:
    """The operator names it; each of its servers has a health of its own."""
    own = MilterSettings(servers=("/run/opendmarc/sock", "127.0.0.1:8893"))
    made = build("opendmarc", own, ground())
    assert made.name == "opendmarc"
    assert [s.health for s in made.servers()] == [Health.UNKNOWN, Health.UNKNOWN]
    settings = ScannersSettings(milters={"opendmarc": own})
    assert build_scanners(settings, ground())[-1].scanner.name == "opendmarc"


@pytest.mark.parametrize("method", ["dkim", "dmarc"])
def test_samples(method: str) -> None:
    """What etc/ has to copy is a configuration."""
    path = SAMPLES / f"open{method}.yaml"
    [(name, own)] = load(Source("x", path)).scanners.milters.items()
    assert (name, own.method) == (path.stem, method)


@pytest.mark.parametrize("wrong", [{"method": "iprev"}, {"believes": "a b"}])
def test_impossible(wrong: dict[str, str]) -> None:
    """A setting that cannot work is refused with a sentence."""
    with pytest.raises(ValueError, match="must be"):
        MilterSettings(servers=("127.0.0.1:1",), **wrong)  # type: ignore[arg-type]
