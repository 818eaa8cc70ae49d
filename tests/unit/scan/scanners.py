"""Scanners and a memory that tests script; nothing is asked over a network."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent
from zope.interface import implementer

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.scanners.interface import Interface, ScannerError
from sc.scanners.registry import Registered
from sc.scanners.settings import Enabled, ScannerSettings

MESSAGE = Message("m1", Envelope(), b"Subject: x\r\n\r\n")
FINE = Findings((Symbol("FINE"),))


@implementer(ILogObserver)
class Kept(list[LogEvent]):
    """The events that a class logged, apart from the tests' own log."""

    def __call__(self, event: LogEvent) -> None:
        self.append(event)


class Memory:
    """Remembers in memory."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    def load(self) -> frozenset[str]:
        return frozenset(self.names)

    def remember(self, name: str) -> None:
        self.names.add(name)


@define
class Scripted:
    """
    @ivar answer: called for each scan.
    @ivar probes: what each probe does, in order; the last one stays: an error, None
        for a good one, or a Deferred to wait for.
    """

    name: str = "x"
    needs: Sequence[str] = ()
    interface: Interface = Interface.NETWORK
    answer: Callable[[Mapping[str, ScannerResult]], Awaitable[Findings]] | None = None
    probes: list[Exception | Deferred[None] | None] = field(factory=lambda: [None])
    asked: int = 0
    probed: int = 0

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        self.asked += 1
        return FINE if self.answer is None else await self.answer(found)

    async def probe(self) -> None:
        self.probed += 1
        outcome = self.probes.pop(0) if len(self.probes) > 1 else self.probes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            await outcome


def raises(error: Exception) -> Callable[[object], Awaitable[Findings]]:
    async def answer(_found: object) -> Findings:
        raise error

    return answer


def hangs(_found: object) -> Awaitable[Findings]:
    return Deferred()


def gone() -> ScannerError:
    return ScannerError("it refuses connections")


def entry(
    scanner: Scripted, enabled: Enabled = Enabled.TRUE, timeout: float = 30.0
) -> Registered:
    return Registered(scanner, ScannerSettings(enabled=enabled, timeout=timeout))
