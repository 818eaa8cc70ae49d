"""sc.scanners.dns_lists: tests of lists, and one broken list among others."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from sc.content.list_codes import Kind
from sc.model.envelope import Direction
from sc.scanners.dns_lists import TEST_TIMEOUT, DNSLists
from sc.scanners.interface import NotScannedError, ScannerError
from sc.scanners.listings import Answer, Question
from sc.scanners.senders import Senders
from sc.scanners.zones import ZoneSettings
from tests.fakes.senders import senders
from tests.fakes.zone_records import ZoneRecords

Zone = Mapping[str, Sequence[Mapping[str, Any] | str]]

KINDS = (Kind.IPV4, Kind.IPV6)
GOOD: Zone = {
    "2.0.0.127.good.example": [{"A": "127.0.0.2"}],
    f"{Kind.IPV6.listed}.good.example": [{"A": "127.0.0.2"}],
    "8.8.8.8.good.example": [{"A": "127.0.0.4"}],
}
ASKED = Question(Kind.IPV4, "8.8.8.8")


def lists(zone: Zone, *names: str, made: Senders | None = None) -> DNSLists:
    zones = [ZoneSettings(zone=name) for name in names]
    return DNSLists("DNSBL_", KINDS, made or senders(zone), zones)


def told(answers: tuple[Answer, ...]) -> dict[str, str]:
    return {
        a.zone.zone: a.problem or ",".join(map(str, a.codes)) or "-" for a in answers
    }


async def test_asked() -> None:
    """A list that passes its test tells what it knows."""
    made = lists(GOOD, "good.example")
    await made.test()
    assert told(await made.ask([ASKED], 1.0)) == {"good.example": "127.0.0.4"}
    other = Question(Kind.IPV6, "1." * 31 + "2")
    assert told(await made.ask([other], 1.0)) == {"good.example": "-"}


async def test_nothing_before_its_test() -> None:
    """What was not tested is not asked."""
    with pytest.raises(ScannerError, match="no list works now"):
        await lists(GOOD, "good.example").ask([ASKED], 1.0)


BROKEN: Mapping[str, tuple[Zone, str]] = {
    "gone": ({}, "does not list its own test entry 2.0.0.127"),
    "everything": (
        {
            "2.0.0.127.bad.example": [{"A": "127.0.0.2"}],
            "1.0.0.127.bad.example": [{"A": "127.0.0.2"}],
        },
        "lists everything, 1.0.0.127, too",
    ),
    "parked": ({"2.0.0.127.bad.example": [{"A": "9.9.9.9"}]}, "9.9.9.9"),
    "forbidden": (
        {"2.0.0.127.bad.example": [{"A": "127.255.255.254"}]},
        "127.255.255.254: we may not ask",
    ),
    "dead": ({"2.0.0.127.bad.example": ["TIMEOUT"]}, "DNS cannot tell"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken(name: str) -> None:
    """RFC 5782 5: it is told once and not asked; the other one is."""
    zone, words = BROKEN[name]
    made = lists({**GOOD, **zone}, "bad.example", "good.example")
    with capturedLogs() as logs:
        await made.test()
        await made.test()
    [event] = logs
    assert event["zone"] == "bad.example"
    assert words in event["problem"]
    answers = await made.ask([ASKED], 1.0)
    assert told(answers) == {"good.example": "127.0.0.4"}
    listed, failed = made.findings(answers).symbols
    assert (listed.name, failed.name) == ("DNSBL_GOOD_EXAMPLE", "DNSBL_FAILED")
    assert (failed.score, failed.options) == (0.0, ("bad.example",))
    alone = lists(zone, "bad.example")
    with pytest.raises(ScannerError, match=r"no list can be asked: bad\.example"):
        await alone.test()


async def test_no_ipv6() -> None:
    """A list for IPv4 alone is well, and not asked for IPv6."""
    zone = {n: r for n, r in GOOD.items() if n != f"{Kind.IPV6.listed}.good.example"}
    made = lists(zone, "good.example")
    with capturedLogs() as logs:
        await made.test()
    assert not logs
    with pytest.raises(NotScannedError):
        await made.ask([Question(Kind.IPV6, "1." * 31 + "2")], 1.0)


async def test_no_names() -> None:
    """A list of names that has addresses only is of no use, and told."""
    zones = [ZoneSettings(zone="good.example")]
    made = DNSLists("URIBL_", (Kind.NAME,), senders(GOOD), zones, KINDS)
    with pytest.raises(ScannerError, match="does not list its own test entry test"):
        await made.test()


async def test_fails_later() -> None:
    """A refusal is no listing; the list is tested at once, and back when it is well."""
    zone = {**GOOD, "8.8.8.8.good.example": [{"A": "127.255.255.255"}]}
    made = lists(zone, "good.example")
    await made.test()
    with capturedLogs() as logs:
        for _ in range(2):
            with pytest.raises(ScannerError, match=r"no list answered: .*may not ask"):
                await made.ask([ASKED], 1.0)
    assert not logs
    assert told(await made.ask([Question(Kind.IPV4, "9.9.9.9")], 1.0)) == {
        "good.example": "-"
    }


async def test_dies_later() -> None:
    """A list that fails its test as well is left out until it passes one."""
    zone: dict[str, Sequence[Mapping[str, Any] | str]] = dict(GOOD)
    made = lists(zone, "good.example")
    await made.test()
    zone["8.8.8.8.good.example"] = zone["2.0.0.127.good.example"] = ["TIMEOUT"]
    zone[f"{Kind.IPV6.listed}.good.example"] = ["TIMEOUT"]
    with capturedLogs() as logs:
        with pytest.raises(ScannerError, match="no list answered"):
            await made.ask([ASKED], 1.0)
        with pytest.raises(ScannerError, match="no list works now"):
            await made.ask([ASKED], 1.0)
        zone.update(GOOD)
        await made.test()
    assert told(await made.ask([ASKED], 1.0)) == {"good.example": "127.0.0.4"}
    assert [event["zone"] for event in logs] == ["good.example", "good.example"]


class SlowRecords(ZoneRecords):
    async def a(self, name: str) -> Any:
        return await (Deferred() if name.endswith("slow.example") else super().a(name))


async def test_slow() -> None:
    """A list that never answers costs its test's time, and nobody else's answer."""
    clock = Clock()
    made = Senders(clock, SlowRecords(GOOD), lambda _: Direction.INBOUND)
    both = lists(GOOD, "slow.example", "good.example", made=made)
    work = Deferred.fromCoroutine(both.test())
    clock.advance(TEST_TIMEOUT)
    await work
    assert told(await both.ask([ASKED], 1.0)) == {"good.example": "127.0.0.4"}
    assert not clock.getDelayedCalls()
