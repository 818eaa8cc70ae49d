"""sc.scan.health: which scanners can be asked, and what their absence means."""

from datetime import UTC, datetime

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger, LogLevel, capturedLogs

from sc.model.status import Health, ServerStatus
from sc.scan.health import HealthSettings, ScannerWatch
from sc.scanners.interface import Interface
from sc.scanners.settings import Enabled
from tests.unit.scan.scanners import Kept, Memory, Scripted, entry, gone

SETTINGS = HealthSettings(probe_interval=60.0, probe_timeout=5.0, retry_interval=1.0)


async def watching(
    scanner: Scripted,
    *seen: str,
    enabled: Enabled = Enabled.TRUE,
    clock: Clock | None = None,
) -> ScannerWatch:
    watch = ScannerWatch(
        [entry(scanner, enabled)], Memory(*seen), clock or Clock(), SETTINGS
    )
    await watch.start()
    return watch


@pytest.mark.parametrize(
    ("enabled", "seen", "health"),
    [
        (Enabled.TRUE, (), Health.FAILING),
        (Enabled.AUTO, ("x",), Health.FAILING),
        (Enabled.AUTO, (), Health.ABSENT),
        (Enabled.AUTO, ("y",), Health.ABSENT),
        (Enabled.FALSE, ("x",), Health.OFF),
    ],
)
async def test_missing(enabled: Enabled, seen: tuple[str, ...], health: Health) -> None:
    """A missing scanner is an error where it is expected, and skipped where not."""
    watch = await watching(Scripted(probes=[gone()]), *seen, enabled=enabled)
    assert watch.health("x") is health


async def test_switched_off_is_never_asked() -> None:
    """A scanner that is switched off is not even probed."""
    scanner = Scripted()
    await watching(scanner, enabled=Enabled.FALSE)
    assert scanner.probed == 0


async def test_found_is_remembered() -> None:
    """Once an `auto` scanner was up, its absence is an error for ever."""
    clock, memory = Clock(), Memory()
    scanner = Scripted(probes=[gone(), None, gone()])
    watch = ScannerWatch([entry(scanner, Enabled.AUTO)], memory, clock, SETTINGS)
    await watch.start()
    assert watch.health("x") is Health.ABSENT
    clock.advance(1.0)
    assert watch.health("x") is Health.UP
    assert memory.names == {"x"}
    clock.advance(60.0)
    assert watch.health("x") is Health.FAILING


async def test_retries_back_off() -> None:
    """A scanner that is away is probed ever more rarely, up to the interval."""
    clock, scanner = Clock(), Scripted(probes=[gone()])
    await watching(scanner, clock=clock)
    moments = []
    for second in range(1, 250):
        before = scanner.probed
        clock.advance(1.0)
        if scanner.probed > before:
            moments.append(second)
    assert moments == [1, 3, 7, 15, 31, 63, 123, 183, 243]


async def test_probe_has_a_deadline() -> None:
    """A scanner that takes a probe and never answers is down."""
    clock = Clock()
    watch = ScannerWatch([entry(Scripted(probes=[Deferred()]))], Memory(), clock)
    start = Deferred.fromCoroutine(watch.start())
    clock.advance(5.0)
    await start
    [status] = watch.statuses()
    assert status.error == "no answer to a probe within 5 s"


async def test_broken_probe() -> None:
    """A bug in a probe is logged once, and the scanner is down."""
    logs = Kept()
    scanner = Scripted(probes=[RuntimeError("bug")])
    watch = ScannerWatch([entry(scanner)], Memory(), Clock())
    watch._log = Logger(observer=logs)
    await watch.start()
    assert watch.statuses()[0].error == "internal error"
    assert [e["log_level"] for e in logs].count(LogLevel.critical) == 1


async def test_failed_message_revokes_and_probes_at_once() -> None:
    """The first failed message takes the scanner away; a good probe brings it back."""
    clock, scanner = Clock(), Scripted(probes=[None, None])
    watch = await watching(scanner, clock=clock)
    with capturedLogs() as logs:
        watch.failed("x", "it broke the connection off")
        assert watch.health("x") is Health.FAILING
        clock.advance(0.0)
    assert watch.health("x") is Health.UP
    assert not logs


async def test_failed_message_and_failed_probe() -> None:
    """If the probe fails too, the operator reads what is wrong and what to do."""
    clock, scanner = Clock(), Scripted(probes=[None, gone()])
    watch = await watching(scanner, clock=clock)
    with capturedLogs() as logs:
        watch.failed("x", "it broke the connection off")
        clock.advance(0.0)
        clock.advance(30.0)
    [event] = logs
    assert event["log_level"] is LogLevel.warn
    assert "scanners.{name}.enabled" in event["log_format"]
    assert event["error"] == "it refuses connections"


async def test_probes_well_but_fails_messages() -> None:
    """After three failed messages in a row a good probe is not believed at once."""
    clock, scanner = Clock(), Scripted()
    watch = await watching(scanner, clock=clock)
    for _ in range(2):
        watch.failed("x", "silence")
        clock.advance(0.0)
    watch.failed("x", "silence")
    clock.advance(0.9)
    assert watch.health("x") is Health.FAILING
    clock.advance(0.1)
    assert watch.health("x") is Health.UP


async def test_many_messages_fail_at_once() -> None:
    """A hundred messages that were under way together count as one failure."""
    clock = Clock()
    watch = await watching(Scripted(), clock=clock)
    for _ in range(100):
        watch.failed("x", "silence")
    clock.advance(0.0)
    assert watch.health("x") is Health.UP


async def test_scanned_message_proves_it_is_up() -> None:
    """A message that was scanned counts more than a failed probe."""
    watch = await watching(Scripted(probes=[gone()]))
    watch.worked("x", 0.25)
    [status] = watch.statuses()
    assert (status.health, status.seconds, status.error) == (Health.UP, 0.25, "")


async def test_worked_while_up() -> None:
    """A scanned message ends a row of failed ones."""
    clock = Clock()
    watch = await watching(Scripted(), clock=clock)
    for _ in range(10):
        watch.failed("x", "silence")
        clock.advance(0.0)
        watch.worked("x", 0.1)
    assert watch.health("x") is Health.UP


async def test_builtin_is_never_revoked() -> None:
    """A built-in scanner has no peer that could be away."""
    watch = await watching(Scripted(interface=Interface.BUILTIN))
    watch.failed("x", "no answer")
    assert watch.health("x") is Health.UP


async def test_waits_for_the_first_probe() -> None:
    """Nobody is answered before it is known who is up."""
    probe: Deferred[None] = Deferred()
    watch = ScannerWatch([entry(Scripted(probes=[probe]))], Memory(), Clock())
    start = Deferred.fromCoroutine(watch.start())
    waiting = Deferred.fromCoroutine(watch.ready())
    left = Deferred.fromCoroutine(watch.ready())
    left.cancel()
    with pytest.raises(CancelledError):
        await left
    assert not waiting.called
    probe.callback(None)
    await start
    await waiting
    await watch.ready()


async def test_stop_leaves_nothing() -> None:
    """After a stop no timer runs and none begins."""
    clock = Clock()
    scanner = Scripted(probes=[None, Deferred()])
    watch = await watching(scanner, clock=clock)
    clock.advance(60.0)
    assert scanner.probed == 2
    await watch.stop()
    watch.worked("x", 0.1)
    watch.failed("x", "silence")
    assert not clock.getDelayedCalls()


async def test_stop_between_probes() -> None:
    """The timer of the next probe ends with the daemon."""
    clock = Clock()
    watch = await watching(Scripted(), clock=clock)
    await watch.stop()
    assert not clock.getDelayedCalls()


async def test_failure_during_a_probe_starts_no_second_one() -> None:
    """One probe at a time."""
    clock = Clock()
    scanner = Scripted(probes=[None, Deferred()])
    watch = await watching(scanner, clock=clock)
    clock.advance(60.0)
    watch.failed("x", "silence")
    clock.advance(0.0)
    assert scanner.probed == 2
    clock.advance(5.0)
    assert watch.health("x") is Health.FAILING


def test_settings_must_be_positive() -> None:
    """A probe interval of zero would spin."""
    with pytest.raises(ValueError, match="more than 0"):
        HealthSettings(probe_interval=0.0)


class Pooled(Scripted):
    """Has two servers; the second one is up."""

    def servers(self) -> tuple[ServerStatus, ...]:
        since = datetime.fromtimestamp(0, UTC)
        return (
            ServerStatus("network", Health.FAILING, since, "it refuses connections"),
            ServerStatus("socket", Health.UP, since),
        )


async def test_servers() -> None:
    """A scanner with servers tells each; how it is reached is how one that is up is."""
    [status] = (await watching(Pooled())).statuses()
    assert status.interface == "socket"
    assert [server.health for server in status.servers] == [Health.FAILING, Health.UP]
