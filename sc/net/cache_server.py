"""One server of the cache, and that nobody waits for it while it is ill."""

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeadlineError
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from sc.net.cache_connection import CacheConnection
from sc.net.sharing import Sharing
from sc.net.stream_exchange import ExchangeError, plain_problem
from sc.wire.cache_codec import CacheCodec, Counts, Refused, Reply, Values

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds for which a server that failed is not asked; doubled at each failure."""


@define(eq=False)
class CacheServer:
    """
    Asks over one connection that is kept. A server that is down, slow or talks rubbish
    is as one that knows nothing; the operator is told once, and once when it is back.

    @ivar name: as it is configured; the log says it.
    @ivar endpoint: made anew for each connection.
    @ivar codec: likewise. Both may raise `ExchangeError`.
    @ivar timeout: seconds for one question, connecting included.
    """

    name: str
    _endpoint: Callable[[], IStreamClientEndpoint]
    _codec: Callable[[], CacheCodec]
    _clock: IReactorTime
    _timeout: float
    _connection: CacheConnection | None = field(default=None, init=False)
    _connecting: Sharing[None, CacheConnection] = field(factory=Sharing, init=False)
    _open: set[CacheConnection] = field(factory=set, init=False)
    _pause: float = field(default=0.0, init=False)
    _closed_until: float = field(default=0.0, init=False)
    _ended: bool = field(default=False, init=False)
    _refusals: dict[str, str] = field(factory=dict, init=False)
    _log: Logger = field(factory=Logger, init=False)

    async def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What it knows of these keys; see `CacheCodec.get`. Never fails."""
        reply = await self._ask("reads", lambda codec: codec.get(keys))
        return reply.found if isinstance(reply, Values) else {}

    async def put(self, values: Mapping[bytes, bytes], ttl: int) -> None:
        """Tell it; see `CacheCodec.put`. Never fails."""
        await self._ask("writes", lambda codec: codec.put(values, ttl))

    async def add(self, amounts: Mapping[bytes, int], ttl: int) -> Mapping[bytes, int]:
        """What the counters are now; see `CacheCodec.add`. Never fails."""
        reply = await self._ask("counts", lambda codec: codec.add(amounts, ttl))
        return reply.now if isinstance(reply, Counts) else {}

    async def close(self) -> None:
        """Return when no socket is left."""
        self._ended = True
        for connection in tuple(self._open):
            connection.abort("we closed the connection")
            await connection.lost

    async def _ask(
        self, verb: str, question: Callable[[CacheCodec], bytes]
    ) -> Reply | None:
        """The reply, or None while there is none to be had."""
        if self._ended or self._is_left_alone:
            return None
        work = Deferred.fromCoroutine(self._exchange(question))
        try:
            reply = await work.addTimeout(self._timeout, self._clock)
        except CancelledError:
            raise
        except DeadlineError:
            # Replies come in order: the late one would be taken for the next.
            self._ill(f"no answer within {self._timeout:g} s")
            return None
        except ExchangeError as e:
            self._ill(str(e))
            return None
        if reply is not None:
            self._well()
            self._note_refusal(verb, reply)
        return reply

    async def _exchange(self, question: Callable[[CacheCodec], bytes]) -> Reply | None:
        connection = self._connection
        if connection is None or not connection.usable:
            connection = await self._connecting.get(None, self._connect)
        return None if connection.busy else await connection.ask(question)

    async def _connect(self) -> CacheConnection:
        connection = CacheConnection(self._codec())
        factory: Factory[CacheConnection] = Factory.forProtocol(lambda: connection)
        factory.noisy = False
        try:
            await self._endpoint().connect(factory)
        except CancelledError:
            raise
        except Exception as e:  # noqa: BLE001 endpoints raise what they like
            raise ExchangeError(plain_problem(e)) from None
        self._open.add(connection)
        connection.lost.addCallback(lambda _: self._open.discard(connection))
        await self._introduce(connection)
        self._connection = connection
        return connection

    async def _introduce(self, connection: CacheConnection) -> None:
        try:
            reply = await connection.ask(lambda codec: codec.opening())
        except CancelledError:
            connection.abort("nobody waits for it any more")
            raise
        if isinstance(reply, Refused):
            connection.abort("we do not use it")
            raise ExchangeError(f"it refuses us ({reply.text})")

    @property
    def _is_left_alone(self) -> bool:
        # No longer than the longest pause: a clock may jump back.
        left = self._closed_until - self._clock.seconds()
        return 0.0 < left <= LONGEST_PAUSE

    def _ill(self, problem: str) -> None:
        for connection in tuple(self._open):
            connection.abort(problem)
        if self._ended or self._is_left_alone:
            return  # Another question has noticed it before.
        if not self._pause:
            self._log.warn(
                "cache server {name}: {problem}; going on without it until it answers",
                name=self.name,
                problem=problem,
            )
        self._pause = min(self._pause * 2, LONGEST_PAUSE) or FIRST_PAUSE
        self._closed_until = self._clock.seconds() + self._pause

    def _well(self) -> None:
        if self._pause:
            self._log.info("cache server {name} answers again", name=self.name)
        self._pause = 0.0

    def _note_refusal(self, verb: str, reply: Reply) -> None:
        """It answers, but does not do what we ask: full, or read-only."""
        refusal = reply.text if isinstance(reply, Refused) else ""
        before = self._refusals.get(verb, "")
        self._refusals[verb] = refusal
        if refusal and not before:
            self._log.warn(
                "cache server {name} refuses {verb} ({refusal}); going on without",
                name=self.name,
                verb=verb,
                refusal=refusal,
            )
        elif before and not refusal:
            self._log.info(
                "cache server {name} takes {verb} again", name=self.name, verb=verb
            )
