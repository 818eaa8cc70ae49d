"""sc.scan.pipeline: all scanners at once, and a result of each one, always."""

from collections.abc import Mapping

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger

from sc.model.envelope import Direction
from sc.model.verdict import Findings, ScannerResult, State, Symbol, Verdict
from sc.scan.health import ScannerWatch
from sc.scan.pipeline import ScanPipeline
from sc.scanners.interface import MessageRefusedError, NotScannedError
from sc.scanners.registry import Registered
from sc.scanners.settings import Enabled
from tests.unit.scan.scanners import (
    FINE,
    MESSAGE,
    Kept,
    Memory,
    Scripted,
    entry,
    gone,
    hangs,
    raises,
)


async def pipeline(*entries: Registered, clock: Clock | None = None) -> ScanPipeline:
    clock = clock or Clock()
    watch = ScannerWatch(entries, Memory(), clock)
    await watch.start()
    return ScanPipeline(entries, watch, clock)


async def scan(*entries: Registered) -> Verdict:
    return await (await pipeline(*entries)).scan(MESSAGE)


async def test_results_in_registry_order() -> None:
    """However long each one takes, the answer has one order."""
    slow: Deferred[Findings] = Deferred()
    scanners = await pipeline(
        entry(Scripted("slow", answer=lambda _: slow)), entry(Scripted("fast"))
    )
    work = Deferred.fromCoroutine(scanners.scan(MESSAGE))
    assert not work.called
    slow.callback(FINE)
    verdict = await work
    assert [r.scanner for r in verdict.results] == ["slow", "fast"]
    assert verdict.message_id == "m1"
    assert {r.state for r in verdict.results} == {State.DONE}


async def test_left_out() -> None:
    """Who was not chosen is not asked, and is named with the reason."""
    scanners = Scripted("a"), Scripted("b")
    off = entry(Scripted("off"), Enabled.FALSE)
    made = await pipeline(*map(entry, scanners), off)
    choice = made.choose("http", Direction.INBOUND, frozenset({"a"}))
    verdict = await made.scan(MESSAGE, choice)
    assert [(r.state, r.reason) for r in verdict.results] == [
        (State.DONE, ""),
        (State.SKIPPED, "not selected"),
        (State.SKIPPED, "switched off"),
    ]
    assert (scanners[0].asked, scanners[1].asked) == (1, 0)
    assert not verdict.errors


async def test_slow_scanner_is_named() -> None:
    """A scanner that hangs ends at its own deadline, and the others' results stay."""
    clock = Clock()
    scanners = await pipeline(
        entry(Scripted("slow", answer=hangs), timeout=5.0),
        entry(Scripted("fast")),
        clock=clock,
    )
    work = Deferred.fromCoroutine(scanners.scan(MESSAGE))
    clock.advance(5.0)
    verdict = await work
    assert verdict.errors == {"slow": "no answer within 5 s"}
    assert verdict.results[0].seconds == 5.0
    assert verdict.results[1].findings == FINE


async def test_failed_scanner_is_not_asked_again() -> None:
    """The second message does not wait for a scanner that failed the first one."""
    scanner = Scripted(answer=raises(gone()))
    scanners = await pipeline(entry(scanner))
    first, second = await scanners.scan(MESSAGE), await scanners.scan(MESSAGE)
    assert first.errors == {"x": "it refuses connections"}
    assert second.errors == {"x": "down"}
    assert scanner.asked == 1


async def test_refused_message_says_nothing_about_the_scanner() -> None:
    """A message that a scanner refuses is that message's error only."""
    scanner = Scripted(answer=raises(MessageRefusedError("too strange")))
    scanners = await pipeline(entry(scanner))
    for _ in range(3):
        assert (await scanners.scan(MESSAGE)).errors == {"x": "too strange"}
    assert scanner.asked == 3


async def test_left_alone_is_skipped_with_a_symbol() -> None:
    """A message above a scanner's size is skipped, and the verdict says so."""
    error = NotScannedError("too large", Symbol("X_TOO_LARGE"))
    [result] = (await scan(entry(Scripted(answer=raises(error))))).results
    assert (result.state, result.reason) == (State.SKIPPED, "too large")
    assert result.findings.symbols == (Symbol("X_TOO_LARGE"),)


async def test_bug_in_a_scanner() -> None:
    """A scanner that breaks is logged once and named; the others go on."""
    scanning = await pipeline(
        entry(Scripted("bad", answer=raises(RuntimeError("x")))),
        entry(Scripted("good")),
    )
    logs = Kept()
    scanning._log = Logger(observer=logs)
    verdict = await scanning.scan(MESSAGE)
    assert verdict.errors == {"bad": "internal error"}
    assert verdict.results[1].state is State.DONE
    assert [e["log_failure"].value.args for e in logs] == [("x",)]


@pytest.mark.parametrize(
    ("enabled", "state", "words"),
    [
        (Enabled.TRUE, State.ERROR, "down"),
        (Enabled.AUTO, State.SKIPPED, "not here"),
        (Enabled.FALSE, State.SKIPPED, "switched off"),
    ],
)
async def test_not_asked(enabled: Enabled, state: State, words: str) -> None:
    """A scanner that is not asked still has its result."""
    scanner = Scripted(probes=[gone()])
    [result] = (await scan(entry(scanner, enabled))).results
    assert (result.state, result.error or result.reason) == (state, words)
    assert scanner.asked == 0


async def test_stopped_before_the_first_probe_ended() -> None:
    """A daemon that is stopped while it starts lets no message through unscanned."""
    clock, scanner = Clock(), Scripted(probes=[Deferred()])
    entries = [entry(scanner, Enabled.AUTO)]
    watch = ScannerWatch(entries, Memory(), clock)
    start = Deferred.fromCoroutine(watch.start())
    work = Deferred.fromCoroutine(ScanPipeline(entries, watch, clock).scan(MESSAGE))
    await watch.stop()
    await start
    assert (await work).errors == {"x": "down"}


async def test_needs() -> None:
    """A scanner starts when those that it needs have settled, well or not."""
    seen: list[Mapping[str, ScannerResult]] = []

    async def look(found: Mapping[str, ScannerResult]) -> Findings:
        seen.append(dict(found))
        return FINE

    slow: Deferred[Findings] = Deferred()
    scanners = await pipeline(
        entry(Scripted("last", needs=("slow", "bad"), answer=look)),
        entry(Scripted("slow", answer=lambda _: slow)),
        entry(Scripted("bad", answer=raises(gone()))),
        entry(Scripted("other")),
    )
    work = Deferred.fromCoroutine(scanners.scan(MESSAGE))
    assert not seen
    slow.callback(FINE)
    verdict = await work
    assert [r.scanner for r in verdict.results] == ["last", "slow", "bad", "other"]
    assert seen[0]["slow"].state is State.DONE
    assert seen[0]["bad"].state is State.ERROR


@pytest.mark.parametrize(
    ("needs", "words"),
    [({"a": ("b",)}, "needs b, which"), ({"a": ("b",), "b": ("a",)}, "each other")],
)
async def test_impossible_needs(needs: dict[str, tuple[str, ...]], words: str) -> None:
    """A scanner that needs a missing one or itself is refused at the start."""
    entries = [entry(Scripted(name, needs=n)) for name, n in needs.items()]
    with pytest.raises(ValueError, match=words):
        await pipeline(*entries)


async def test_client_leaves() -> None:
    """When nobody waits any more, every scanner stops, and none is blamed."""
    cancelled: list[str] = []
    scanners = [
        Scripted(n, answer=lambda _, n=n: Deferred(lambda _d: cancelled.append(n)))  # type: ignore[misc]
        for n in ("a", "b")
    ]
    clock = Clock()
    scanning = await pipeline(
        *(entry(s) for s in scanners),
        entry(Scripted("c", needs=("a",))),
        clock=clock,
    )
    before = len(clock.getDelayedCalls())
    work = Deferred.fromCoroutine(scanning.scan(MESSAGE))
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    assert cancelled == ["a", "b"]
    assert len(clock.getDelayedCalls()) == before
