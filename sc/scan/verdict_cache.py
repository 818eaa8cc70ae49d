"""One scan for the same message under the same envelope, now and for a while.

An MTA that gave up waiting comes again: it joins the scan that still runs, or finds
what came of it. Only what scanners found is kept; policy always decides anew.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Protocol

from attrs import define, evolve, field, frozen
from attrs.validators import and_, ge, le
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from sc.content.sameness import digest
from sc.model.choice import Choice
from sc.model.envelope import Direction, Envelope
from sc.model.message import Message
from sc.model.verdict import ScannerResult, Verdict
from sc.offload import Offload
from sc.scan.verdict_json import VerdictSeal
from sc.store.cache import Cache

MAX_ABANDONED = 32
"""Scans that go on though nobody waits. Above it, the scan of a client that leaves
ends: who hangs up again and again must not keep the scanners busy."""


@frozen(kw_only=True)
class VerdictCacheSettings:
    """
    What scanners found is used again for the same message under the same envelope.

    @ivar enabled: also lets a scan go on to its end when its client leaves, and others
        join one that runs.
    @ivar ttl: seconds for which it is used; scanners learn meanwhile. A verdict with an
        error is not kept.
    """

    enabled: bool = False
    ttl: float = field(default=600.0, validator=and_(ge(1.0), le(86400.0)))


class Scanning(Protocol):
    """What is asked for what is not known; `sc.scan.pipeline.ScanPipeline`."""

    @property
    def choose(
        self,
    ) -> Callable[[str, Direction, frozenset[str] | None], Choice]: ...

    def spared(self, by: str) -> tuple[ScannerResult, ...]: ...

    async def scan(self, message: Message, choice: Choice) -> Verdict: ...


@define(eq=False)
class _Running:
    """
    A scan and those who wait for it.

    @ivar work: never fails; those who wait are told how it ended.
    """

    waiting: list[Deferred[Verdict]] = field(factory=list)
    work: Deferred[None] | None = None


@define(eq=False)
class VerdictCache:
    """
    In front of the pipeline.

    @ivar revision: of all settings that change what scanners find.
    """

    _pipeline: Scanning
    _cache: Cache
    _seal: VerdictSeal
    _offload: Offload
    _revision: str
    _ttl: float
    _running: dict[str, _Running] = field(factory=dict, init=False)
    _abandoned: int = field(default=MAX_ABANDONED, init=False)

    def choose(
        self, listener: str, direction: Direction, wanted: frozenset[str] | None = None
    ) -> Choice:
        return self._pipeline.choose(listener, direction, wanted)

    def spared(self, by: str) -> tuple[ScannerResult, ...]:
        return self._pipeline.spared(by)

    async def scan(self, message: Message, choice: Choice) -> Verdict:
        """Cancelling it ends the waiting, and the scan only if it is one too many."""
        content = message.content
        same = await self._offload(len(content), digest, content)
        key = _key(same, message.envelope, choice, self._revision)
        running = self._running.get(key)
        joined = running is not None
        if running is None:
            running = self._running[key] = _Running()
        mine: Deferred[Verdict] = Deferred(lambda d: self._leave(running, d))
        running.waiting.append(mine)
        if not joined:
            self._begin(key, running, message, choice)
        verdict = await mine
        reused = joined or verdict.reused
        return evolve(verdict, message_id=message.id, reused=reused)

    def stop(self) -> None:
        """From now on a scan ends with its last waiter; at once, if it has none."""
        self._abandoned = 0
        for running in list(self._running.values()):
            if not running.waiting and running.work is not None:
                running.work.cancel()

    def _begin(
        self, key: str, running: _Running, message: Message, choice: Choice
    ) -> None:
        work = Deferred.fromCoroutine(self._find(key, message, choice))
        running.work = work.addBoth(lambda found: self._settle(key, running, found))

    async def _find(self, key: str, message: Message, choice: Choice) -> Verdict:
        known = await self._cache.get_many([key])
        if key in known:
            results = self._seal.open(key, known[key])
            if results is not None:
                return Verdict(message.id, results, reused=True)
        verdict = await self._pipeline.scan(message, choice)
        if _is_lasting(verdict):
            sealed = self._seal.close(key, verdict.results)
            await self._cache.set_many({key: sealed}, self._ttl)
        return verdict

    def _settle(self, key: str, running: _Running, found: Verdict | Failure) -> None:
        del self._running[key]
        waiting, running.waiting = running.waiting, []
        for waiter in waiting:
            if waiter.called:
                continue  # What the one before him did made him leave.
            if isinstance(found, Failure):
                waiter.errback(found)
            else:
                waiter.callback(found)

    def _leave(self, running: _Running, waiter: Deferred[Verdict]) -> None:
        """A client left; Twisted cancels its Deferred when we return."""
        if waiter in running.waiting:
            running.waiting.remove(waiter)
        alone = sum(not other.waiting for other in self._running.values())
        if not running.waiting and alone > self._abandoned and running.work:
            running.work.cancel()


def _is_lasting(verdict: Verdict) -> bool:
    """What could not be asked now can perhaps be asked in a minute."""
    return not verdict.errors and not any(
        symbol.name.endswith("_TEMPERROR") for symbol in verdict.symbols
    )


def _key(same: bytes, envelope: Envelope, choice: Choice, revision: str) -> str:
    """All that a scanner is told; port and queue id are new at each attempt."""
    parts: list[Any] = [
        same.hex(),
        envelope.sender,
        envelope.recipients,
        str(envelope.client_ip),
        envelope.client_name,
        envelope.helo,
        envelope.user,
        envelope.preferences,
        envelope.tls,
        choice.left_out,
        revision,
    ]
    said = json.dumps(parts).encode("ascii")
    return "verdict:" + blake2b(said, digest_size=20).hexdigest()
