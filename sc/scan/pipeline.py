"""All scanners over one message at once, each with its own deadline."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.model.choice import EVERYBODY, Choice
from sc.model.message import Message
from sc.model.status import Health
from sc.model.verdict import Findings, ScannerResult, State, Verdict
from sc.scan.health import ScannerWatch
from sc.scan.selection import Selection
from sc.scanners.interface import MessageRefusedError, NotScannedError, ScannerError
from sc.scanners.registry import Registered

INTERNAL_ERROR = "internal error"


class ScanPipeline:
    """Runs what is up; names what is not."""

    _log = Logger()

    def __init__(
        self,
        entries: Sequence[Registered],
        watch: ScannerWatch,
        clock: IReactorTime,
        selection: Selection | None = None,
    ) -> None:
        """
        @param selection: None: every door has all scanners.
        @raise ValueError: a scanner needs one that does not exist, or itself.
        """
        _check_needs(entries)
        self._entries, self._watch, self._clock = tuple(entries), watch, clock
        self.choose = (selection or Selection(entries, {})).choose

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        """In place of a scan, if `by` has settled the message."""
        reason = f"settled by {by}"
        return tuple(
            ScannerResult(entry.name, State.SKIPPED, reason=reason)
            for entry in self._entries
        )

    async def scan(self, message: Message, choice: Choice = EVERYBODY) -> Verdict:
        """Never raises for a scanner that failed; cancelling it stops them all."""
        await self._watch.ready()
        found: dict[str, ScannerResult] = {}
        gates = {e.name: Deferred[None]() for e in self._entries if e.scanner.needs}

        async def settle(entry: Registered) -> None:
            if gate := gates.get(entry.name):
                await gate
            why = choice.why_not(entry.name)
            found[entry.name] = await self._result(entry, message, found, why)
            for other in self._entries:
                waits = gates.get(other.name)
                if (
                    waits is not None
                    and entry.name in other.scanner.needs
                    and all(name in found for name in other.scanner.needs)
                ):
                    waits.callback(None)

        work = [Deferred.fromCoroutine(settle(entry)) for entry in self._entries]
        try:
            await gatherResults(work, consumeErrors=True)
        except FirstError as e:
            # Only a cancelled scan gets here: whoever waited has left.
            e.subFailure.raiseException()
        return Verdict(message.id, tuple(found[e.name] for e in self._entries))

    async def _result(
        self,
        entry: Registered,
        message: Message,
        found: Mapping[str, ScannerResult],
        why_not: str,
    ) -> ScannerResult:
        health = self._watch.health(entry.name)
        if why_not and health is not Health.OFF:
            return ScannerResult(entry.name, State.SKIPPED, reason=why_not)
        if health is not Health.UP:
            return _not_asked(entry.name, health)
        started = self._clock.seconds()
        result = await self._look(entry, message, found)
        seconds = self._clock.seconds() - started
        if result.state is State.DONE:
            self._watch.worked(entry.name, seconds)
        return ScannerResult(
            result.scanner,
            result.state,
            result.findings,
            result.error,
            result.reason,
            seconds,
        )

    async def _look(
        self, entry: Registered, message: Message, found: Mapping[str, ScannerResult]
    ) -> ScannerResult:
        name, timeout = entry.name, entry.settings.timeout
        work = Deferred.fromCoroutine(entry.scanner.scan(message, found))
        if not work.called:
            work.addTimeout(timeout, self._clock)
        try:
            return ScannerResult(name, State.DONE, await work)
        except CancelledError:
            raise
        except NotScannedError as e:
            findings = Findings((e.symbol,) if e.symbol else ())
            return ScannerResult(name, State.SKIPPED, findings, reason=str(e))
        except MessageRefusedError as e:
            return _error(name, str(e))
        except ScannerError as e:
            self._watch.failed(name, str(e))
            return _error(name, str(e))
        except DeadlineError:
            error = f"no answer within {timeout:g} s"
            self._watch.failed(name, error)
            return _error(name, error)
        except Exception:  # noqa: BLE001 one broken scanner must not hide the others
            self._log.failure(
                "scanner {name} broke on {message}", name=name, message=message.id
            )
            return _error(name, INTERNAL_ERROR)


def _error(name: str, error: str) -> ScannerResult:
    return ScannerResult(name, State.ERROR, error=error)


def _not_asked(name: str, health: Health) -> ScannerResult:
    # A probe that was cut off by the shutdown leaves UNKNOWN: that is never clean.
    if health in (Health.FAILING, Health.UNKNOWN):
        return _error(name, "down")
    reason = "switched off" if health is Health.OFF else "not here"
    return ScannerResult(name, State.SKIPPED, reason=reason)


def _check_needs(entries: Sequence[Registered]) -> None:
    needs = {entry.name: set(entry.scanner.needs) for entry in entries}
    for name, wanted in needs.items():
        for other in wanted - needs.keys():
            raise ValueError(f"scanner {name} needs {other}, which does not exist")
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as e:
        raise ValueError(f"scanners need each other: {' > '.join(e.args[1])}") from e
