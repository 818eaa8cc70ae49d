"""All scanners over one message at once, each with its own deadline."""

from collections.abc import Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter

from attrs import evolve
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
        self._entries = {entry.name: entry for entry in entries}
        self._needs = {e.name: frozenset(e.scanner.needs) for e in entries}
        self._watch, self._clock = watch, clock
        self.choose = (selection or Selection(entries, {})).choose

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        """In place of a scan, if `by` has settled the message."""
        reason = f"settled by {by}"
        return tuple(
            ScannerResult(name, State.SKIPPED, reason=reason) for name in self._entries
        )

    async def scan(self, message: Message, choice: Choice = EVERYBODY) -> Verdict:
        """Never raises for a scanner that failed; cancelling it stops them all."""
        await self._watch.ready()
        left_out = dict(choice.left_out)
        found = {
            name: result
            for name in self._entries
            if (result := self._not_asked(name, left_out.get(name, "")))
        }
        asked = [entry for name, entry in self._entries.items() if name not in found]
        gates = {
            entry.name: Deferred[None]()
            for entry in asked
            if not found.keys() >= self._needs[entry.name]
        }

        async def settle(entry: Registered) -> None:
            if gate := gates.get(entry.name):
                await gate
            found[entry.name] = await self._result(entry, message, found)
            for name, waits in gates.items():
                if not waits.called and found.keys() >= self._needs[name]:
                    waits.callback(None)

        work = [Deferred.fromCoroutine(settle(entry)) for entry in asked]
        try:
            await gatherResults(work, consumeErrors=True)
        except FirstError as e:
            # Only a cancelled scan gets here: whoever waited has left.
            e.subFailure.raiseException()
        return Verdict(message.id, tuple(found[name] for name in self._entries))

    def _not_asked(self, name: str, left_out: str) -> ScannerResult | None:
        """None: it will be asked."""
        health = self._watch.health(name)
        if left_out and health is not Health.OFF:
            return ScannerResult(name, State.SKIPPED, reason=left_out)
        return None if health is Health.UP else _unavailable(name, health)

    async def _result(
        self, entry: Registered, message: Message, found: Mapping[str, ScannerResult]
    ) -> ScannerResult:
        started = self._clock.seconds()
        result = await self._look(entry, message, found)
        seconds = self._clock.seconds() - started
        if result.state is State.DONE:
            self._watch.worked(entry.name, seconds)
        return evolve(result, seconds=seconds)

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


@cache  # Most scanners of most sites are off: the same few values for each message.
def _unavailable(name: str, health: Health) -> ScannerResult:
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
