"""Questions to DNS, answered from memory where an answer still holds.

Each question is asked once at a time, aliases are followed, and every answer is
bounded; what the records mean is the caller's.
"""

from collections import OrderedDict

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IReactorTime

from sc.net.dns_exchange import Exchange, ExchangeError, Server
from sc.net.sharing import Sharing
from sc.wire.dns import Answer, Code, Data, MessageError, Type, normal

MAX_ALIASES = 8
"""CNAMEs that we follow from one name."""

MAX_RECORDS = 64
"""Records of one name and type that we keep."""

MAX_OCTETS = 16_384
"""Of the texts of one name: a DKIM key has 800, a policy fewer."""

MAX_TTL = 86400.0
MAX_NEGATIVE_TTL = 900.0
DEFAULT_NEGATIVE_TTL = 60.0
FAILURE_TTL = 5.0
"""Seconds for which a failure is believed, so that one mail asks once (RFC 2308 7)."""


@frozen
class Known:
    """
    @ivar data: of all records of the type that was asked for.
    @ivar problem: a failure that is remembered for a moment.
    """

    data: tuple[Data, ...]
    expires: float
    problem: str = ""


@define(eq=False)
class CachingClient:
    """
    @ivar size: answers that are remembered.
    """

    _exchange: Exchange
    _servers: tuple[Server, ...]
    _clock: IReactorTime
    _size: int
    _cache: OrderedDict[tuple[str, Type], Known] = field(factory=OrderedDict)
    _asking: Sharing[tuple[str, Type], Known] = field(factory=Sharing)

    async def known(self, name: str, wanted: Type) -> Known:
        """
        The records of a name, or the problem; never fails.

        @param name: in the `normal` form of `sc.wire.dns`.
        """
        key = (name, wanted)
        known = self._cache.get(key)
        if known is not None and known.expires > self._clock.seconds():
            self._cache.move_to_end(key)
            return known
        return await self._asking.get(key, lambda: self._look_up(name, wanted))

    async def _look_up(self, name: str, wanted: Type) -> Known:
        now = self._clock.seconds
        try:
            data, ttl = await self._follow(name, wanted)
            known = Known(data, now() + ttl)
        except CancelledError:
            raise
        except (ExchangeError, MessageError) as e:
            known = Known((), now() + FAILURE_TTL, str(e))
        self._remember((name, wanted), known)
        return known

    def _remember(self, key: tuple[str, Type], known: Known) -> None:
        self._cache[key] = known
        self._cache.move_to_end(key)
        while len(self._cache) > self._size:
            self._cache.popitem(last=False)

    async def _follow(self, name: str, wanted: Type) -> tuple[tuple[Data, ...], float]:
        """Data and seconds to live, through the aliases that servers left us."""
        ttl = MAX_TTL
        for _ in range(MAX_ALIASES):
            answer = await self._exchange.ask(self._servers, name, wanted)
            name, found, step = _read(answer, name, wanted)
            ttl = min(ttl, step)
            ended = name == answer.name or answer.code == Code.NAME_ERROR
            if found or ended:
                return found, ttl
            name = normal(name)
        raise ExchangeError("too many aliases")


def _read(
    answer: Answer, name: str, wanted: Type
) -> tuple[str, tuple[Data, ...], float]:
    """The last alias, its data, and the smallest TTL on the way."""
    ttl = MAX_TTL
    for _ in range(MAX_ALIASES):
        here = [r for r in answer.records if r.name == name]
        found = [r for r in here if r.type == wanted][:MAX_RECORDS]
        if found:
            data = _bounded(tuple(r.data for r in found))
            return name, data, min([ttl, *(float(r.ttl) for r in found)])
        alias = next((r for r in here if r.type == Type.CNAME), None)
        if alias is None:
            # Only an answer without any alias says that there is nothing: the
            # target of an alias that the server did not follow is asked for next.
            return name, (), min(ttl, _negative_ttl(answer))
        name, ttl = str(alias.data), min(ttl, float(alias.ttl))
    raise ExchangeError("aliases in a ring, or too many of them")


def _bounded(data: tuple[Data, ...]) -> tuple[Data, ...]:
    if sum(len(text) for text in data if isinstance(text, bytes)) > MAX_OCTETS:
        raise ExchangeError(f"more than {MAX_OCTETS} octets of text")
    return data


def _negative_ttl(answer: Answer) -> float:
    if answer.negative_ttl is None:
        return DEFAULT_NEGATIVE_TTL
    return min(float(answer.negative_ttl), MAX_NEGATIVE_TTL)
