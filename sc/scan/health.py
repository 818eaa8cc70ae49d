"""Which scanners can be asked now: probed at the start, on a timer, and by failing.

A scanner that fails with a message is not asked again before it answers a probe, so
that one dead scanner costs one message its time and not every message.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from sc.model.status import Health, ScannerStatus
from sc.scan.seen import SeenMemory
from sc.scanners.interface import Interface, ScannerError
from sc.scanners.registry import Registered
from sc.scanners.served import Served
from sc.scanners.settings import Enabled

PATIENCE = 3
"""Failed messages in a row after which a good probe alone is not believed at once."""


def _positive(_instance: object, _attribute: object, value: float) -> None:
    if not value > 0:
        raise ValueError("must be more than 0")


@frozen(kw_only=True)
class HealthSettings:
    """
    @ivar probe_interval: seconds between two probes of a scanner.
    @ivar probe_timeout: seconds that a probe may take; the first scan waits for it.
    @ivar retry_interval: seconds until a scanner that went away is probed again;
        doubled each time, up to `probe_interval`.
    """

    probe_interval: float = field(default=60.0, validator=_positive)
    probe_timeout: float = field(default=5.0, validator=_positive)
    retry_interval: float = field(default=1.0, validator=_positive)


def _now(clock: IReactorTime) -> datetime:
    return datetime.fromtimestamp(clock.seconds(), UTC)


@define
class _Watched:
    """
    What is known of one scanner.

    @ivar told: what the operator was last told.
    @ivar failures: messages that failed since one was scanned.
    @ivar missed: probes that failed since one succeeded.
    """

    entry: Registered
    health: Health
    since: datetime
    seen: bool
    error: str = ""
    seconds: float | None = None
    told: Health = Health.UNKNOWN
    failures: int = 0
    missed: int = 0
    timer: IDelayedCall | None = None
    probing: Deferred[None] | None = None

    @property
    def expected(self) -> bool:
        """Its absence is an error."""
        return self.seen or self.entry.settings.enabled is Enabled.TRUE


class ScannerWatch:
    """Keeps the health of every scanner. The pipeline asks and tells it."""

    _log = Logger()

    def __init__(
        self,
        entries: Sequence[Registered],
        memory: SeenMemory,
        clock: IReactorTime,
        settings: HealthSettings = HealthSettings(),
    ) -> None:
        self._memory, self._clock, self._settings = memory, clock, settings
        seen = memory.load()
        self._watched = {
            entry.name: _Watched(
                entry, _initial(entry), _now(clock), entry.name in seen
            )
            for entry in entries
        }
        self._waiting: list[Deferred[None]] | None = []
        self._stopped = False

    async def start(self) -> None:
        """Probe every scanner; return when each first probe has ended."""
        probes = [
            Deferred.fromCoroutine(self._probe(watched))
            for watched in self._watched.values()
            if watched.health is not Health.OFF
        ]
        await gatherResults(probes, consumeErrors=True)
        waiting, self._waiting = self._waiting or [], None
        for waiter in waiting:
            waiter.callback(None)

    async def stop(self) -> None:
        """End timers and probes that run; none begins any more."""
        self._stopped = True
        for watched in self._watched.values():
            if watched.timer is not None and watched.timer.active():
                watched.timer.cancel()
            watched.timer = None
            if watched.probing is not None:
                watched.probing.cancel()

    async def ready(self) -> None:
        """Return when the first probe of every scanner has ended."""
        if self._waiting is not None:
            waiter: Deferred[None] = Deferred()
            self._waiting.append(waiter)
            await waiter

    def health(self, name: str) -> Health:
        return self._watched[name].health

    def worked(self, name: str, seconds: float) -> None:
        """A message was scanned: the best probe there is."""
        watched = self._watched[name]
        watched.failures, watched.seconds = 0, seconds
        if watched.health is not Health.UP:
            self._set(watched, Health.UP)

    def failed(self, name: str, error: str) -> None:
        """A message was not scanned: ask no more before a probe succeeds."""
        watched = self._watched[name]
        if watched.entry.scanner.interface is Interface.BUILTIN:
            return
        watched.error = error
        if watched.health is not Health.UP:
            return
        watched.failures += 1
        watched.health, watched.since = Health.FAILING, _now(self._clock)
        if watched.failures < PATIENCE:
            # Perhaps only this message is at fault: a good probe ends it in silence.
            self._schedule(watched, 0.0)
        else:
            self._set(watched, Health.FAILING)
            self._schedule(watched, self._backoff(watched.failures - PATIENCE))

    def statuses(self) -> tuple[ScannerStatus, ...]:
        """In the registry's order."""
        return tuple(_status(watched) for watched in self._watched.values())

    def _backoff(self, times: int) -> float:
        delay = self._settings.retry_interval * 2.0 ** min(times, 30)
        return min(delay, self._settings.probe_interval)

    def _schedule(self, watched: _Watched, delay: float) -> None:
        if watched.timer is not None and watched.timer.active():
            watched.timer.cancel()
        if self._stopped:
            return
        watched.timer = self._clock.callLater(delay, self._begin_probe, watched)

    def _begin_probe(self, watched: _Watched) -> None:
        watched.timer = None
        Deferred.fromCoroutine(self._probe(watched))

    async def _probe(self, watched: _Watched) -> None:
        """Never raises: a probe that cannot be made is one that failed."""
        if watched.probing is not None:
            return
        work = Deferred.fromCoroutine(watched.entry.scanner.probe())
        watched.probing = work
        timeout = self._settings.probe_timeout
        work.addTimeout(timeout, self._clock)
        try:
            await work
        except CancelledError:
            return
        except DeadlineError:
            self._probe_failed(watched, f"no answer to a probe within {timeout:g} s")
        except ScannerError as e:
            self._probe_failed(watched, str(e))
        except Exception:  # noqa: BLE001 a bug of one scanner is not everybody's
            self._log.failure("the probe of {name} broke", name=watched.entry.name)
            self._probe_failed(watched, "internal error")
        else:
            self._probe_succeeded(watched)
        finally:
            watched.probing = None

    def _probe_succeeded(self, watched: _Watched) -> None:
        watched.missed = 0
        self._set(watched, Health.UP)
        if not watched.seen:
            watched.seen = True
            self._memory.remember(watched.entry.name)
        self._schedule(watched, self._settings.probe_interval)

    def _probe_failed(self, watched: _Watched, error: str) -> None:
        watched.missed += 1
        watched.error = error
        self._set(watched, Health.FAILING if watched.expected else Health.ABSENT)
        self._schedule(watched, self._backoff(watched.missed - 1))

    def _set(self, watched: _Watched, health: Health) -> None:
        """Note the health, and tell the operator what he does not know yet."""
        if watched.health is not health:
            watched.health, watched.since = health, _now(self._clock)
        if watched.told is health:
            return
        watched.told, name = health, watched.entry.name
        if health is Health.UP:
            self._log.info("scanner {name} is up", name=name)
        elif health is Health.ABSENT:
            self._log.info(
                "scanner {name} is not here and is skipped ({error}); start it, and"
                " it is used at once",
                name=name,
                error=watched.error,
            )
        else:
            self._log.warn(
                "scanner {name} is down ({error}); until it is back its `on_error`"
                " decides; start it, or set `scanners.{name}.enabled: false`",
                name=name,
                error=watched.error,
            )


def _status(watched: _Watched) -> ScannerStatus:
    scanner = watched.entry.scanner
    servers = scanner.servers() if isinstance(scanner, Served) else ()
    # Servers may differ in kind: what counts is the one that answers.
    alive = next((s.interface for s in servers if s.health is Health.UP), None)
    return ScannerStatus(
        scanner.name,
        alive or scanner.interface.value,
        watched.health,
        watched.since,
        watched.error if watched.health is not Health.UP else "",
        watched.seconds,
        servers,
    )


def _initial(entry: Registered) -> Health:
    off = entry.settings.enabled is Enabled.FALSE
    return Health.OFF if off else Health.UNKNOWN
