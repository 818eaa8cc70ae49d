"""Several servers of one service: the work is shared by weight, and a failed one's
work goes to the next within the deadline.

As rmilter had it: a server with too many errors in a short time is left alone for a
while; then one try, half-open, tells whether it is back.
"""

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from sc.model.status import Health, ServerStatus
from sc.net.server import Server

Answer = TypeVar("Answer")


class ExchangeError(Exception):
    """No reply. The text names neither paths nor secrets."""


@frozen(kw_only=True)
class PoolLimits:
    """
    When a server is left alone. Seconds, but for `maxerrors`.

    @ivar results_timeout: for one server's answer, while another could be asked.
    @ivar error_time: errors that are not older than this count.
    @ivar maxerrors: so many of them, and the server is left alone.
    @ivar dead_time: for so long.
    """

    results_timeout: float = 20.0
    error_time: float = 10.0
    maxerrors: int = 3
    dead_time: float = 300.0


@define(eq=False)
class _Member:
    """
    One server, and what is known of it.

    @ivar credit: of the smooth weighted round robin; the richest is asked next.
    @ivar errors: when the last ones were.
    @ivar dead_until: None: it is not left alone.
    @ivar trying: the one half-open try runs.
    @ivar told: the operator knows that it never answered.
    """

    server: Server
    since: datetime
    errors: deque[float]
    health: Health = Health.UNKNOWN
    credit: int = 0
    error: str = ""
    dead_until: float | None = None
    trying: bool = False
    told: bool = False

    def may_be_asked(self, now: float) -> bool:
        if self.dead_until is None:
            return True
        return now >= self.dead_until and not self.trying


@define
class ServerPool:
    """
    An attempt is told the number of the server that it should ask, and raises
    `ExchangeError` if that one did not answer.
    """

    _clock: IReactorTime
    _servers: Sequence[Server]
    _limits: PoolLimits = PoolLimits()
    _members: list[_Member] = field(init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        now, most = self._now(), self._limits.maxerrors
        self._members = [_Member(s, now, deque(maxlen=most)) for s in self._servers]

    async def ask(
        self, attempt: Callable[[int], Coroutine[Any, Any, Answer]], timeout: float
    ) -> Answer:
        """
        Return the first answer.

        @param timeout: seconds for everything.
        @raise ExchangeError: no server answered, and why the last one did not.
        """
        deadline = self._clock.seconds() + timeout
        left, problem = list(self._members), ExchangeError("it has no server")
        while left and (seconds := deadline - self._clock.seconds()) > 0:
            member = self._next(left)
            left.remove(member)
            if left:
                seconds = min(seconds, self._limits.results_timeout)
            try:
                return await self._try(member, attempt, seconds)
            except ExchangeError as e:
                problem = e
                self._failed(member, str(e))
        raise problem

    async def probe(
        self, attempt: Callable[[int], Coroutine[Any, Any, Answer]], timeout: float
    ) -> None:
        """
        Ask every server that is not left alone: one answer is enough, and whoever
        gives none to a probe gets no message.

        @raise ExchangeError: none answered.
        """
        now = self._clock.seconds()
        asked = [m for m in self._members if m.may_be_asked(now)] or self._members
        work = [
            Deferred.fromCoroutine(self._probe(member, attempt, timeout))
            for member in asked
        ]
        problems = await gatherResults(work, consumeErrors=True)
        failed = [problem for problem in problems if problem is not None]
        if len(failed) == len(problems):
            # Whoever stopped waiting hears that and nothing else.
            failed.sort(key=lambda problem: isinstance(problem, ExchangeError))
            raise failed[0]
        for member in asked:
            self._tell_absent(member)

    def statuses(self) -> tuple[ServerStatus, ...]:
        """In the order in which they were given."""
        return tuple(
            ServerStatus(
                "socket" if member.server.is_socket else "network",
                member.health,
                member.since,
                "" if member.health is Health.UP else member.error,
            )
            for member in self._members
        )

    def _next(self, left: Sequence[_Member]) -> _Member:
        """Smooth weighted round robin; a dead server only where no other is left."""
        now = self._clock.seconds()
        candidates = [m for m in left if m.may_be_asked(now)] or left
        for member in candidates:
            member.credit += member.server.weight
        chosen = max(candidates, key=lambda m: m.credit)
        chosen.credit -= sum(m.server.weight for m in candidates)
        return chosen

    async def _try(
        self,
        member: _Member,
        attempt: Callable[[int], Coroutine[Any, Any, Answer]],
        seconds: float,
    ) -> Answer:
        work = Deferred.fromCoroutine(attempt(self._members.index(member)))
        work.addTimeout(seconds, self._clock)
        member.trying = True
        try:
            answer = await work
        except DeadlineError:
            raise ExchangeError(f"no whole answer within {seconds:g} s") from None
        finally:
            member.trying = False
        self._worked(member)
        return answer

    async def _probe(
        self,
        member: _Member,
        attempt: Callable[[int], Coroutine[Any, Any, Answer]],
        timeout: float,
    ) -> Exception | None:
        """Why it did not answer; never raises, so that the others' answers count."""
        try:
            await self._try(member, attempt, timeout)
        except (CancelledError, ExchangeError) as e:
            self._failed(member, str(e) or "no answer to a probe", probed=True)
            return e
        return None

    def _tell_absent(self, member: _Member) -> None:
        """Once, and only where another one answers: else the scanner is absent."""
        if member.health is Health.ABSENT and not member.told:
            member.told = True
            self._log.info(
                "server {server} never answered ({error}); the others do its work;"
                " start it, or take it out of `servers`",
                server=member.server.address,
                error=member.error,
            )

    def _worked(self, member: _Member) -> None:
        if member.health is Health.FAILING and len(self._members) > 1:
            self._log.info("server {server} is back", server=member.server.address)
        if member.dead_until is not None:
            member.errors.clear()
            member.dead_until = None
        self._set(member, Health.UP)

    def _failed(self, member: _Member, error: str, *, probed: bool = False) -> None:
        now, limits = self._clock.seconds(), self._limits
        member.error = error
        member.errors.append(now)
        many = len(member.errors) == limits.maxerrors
        often = many and now - member.errors[0] <= limits.error_time
        # A probe has no message in it that could be to blame.
        if not (probed or often or member.dead_until is not None):
            return
        member.dead_until = now + limits.dead_time
        if member.health is Health.UP and len(self._members) > 1:
            self._log.warn(
                "server {server} is left alone for {seconds:g} s ({error}); the others"
                " do its work; start it, or take it out of `servers`",
                server=member.server.address,
                seconds=limits.dead_time,
                error=error,
            )
        seen = member.health in (Health.UP, Health.FAILING)
        self._set(member, Health.FAILING if seen else Health.ABSENT)

    def _set(self, member: _Member, health: Health) -> None:
        if member.health is not health:
            member.health, member.since = health, self._now()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.seconds(), UTC)
