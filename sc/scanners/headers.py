"""The header section: what a well-kept sender never writes (RFC 5322 3.6)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import frozen
from twisted.internet.interfaces import IReactorTime

from sc.content.fields import MAX_HEADER, header_end, read_fields
from sc.content.origin import Oddity, find_oddities
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import Enabled, ScannerSettings

NAME = "headers"

SCORES = {
    Oddity.NO_DATE: 1.0,
    Oddity.BAD_DATE: 1.0,
    Oddity.FUTURE_DATE: 1.5,
    Oddity.NO_MESSAGE_ID: 0.5,
    Oddity.BAD_MESSAGE_ID: 1.0,
    Oddity.NO_FROM: 1.0,
    Oddity.BAD_FROM: 1.0,
    Oddity.SEVERAL_FROM: 2.5,
    Oddity.NO_SENDER: 0.5,
    Oddity.REPEATED: 0.5,
    Oddity.OTHER_ADDRESS: 1.5,
    Oddity.MIXED_NAME: 2.0,
    Oddity.HIDDEN_NAME: 2.0,
}
"""None is spam alone; docs/scanners/headers.md has how often each is met."""

ADDED_BY_MTA = frozenset({Oddity.NO_DATE, Oddity.NO_MESSAGE_ID})
"""RFC 6409 8: a user's program may leave these to the server that takes its mail."""


@frozen(kw_only=True)
class HeadersSettings(ScannerSettings):
    """What is odd about Date, Message-ID and From; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen
class HeadersScanner:
    """Built in; always up."""

    _offload: Offload
    _clock: IReactorTime

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        head = message.content[:MAX_HEADER]
        size, _ = header_end(head)
        now = datetime.fromtimestamp(self._clock.seconds(), UTC)
        oddities = await self._offload(size, look, head, now)
        if message.envelope.user:
            oddities = tuple(o for o in oddities if o not in ADDED_BY_MTA)
        # Hints, of which none calls a message bad alone.
        return Findings(tuple(map(_symbol, oddities)), passed=("OK",))

    async def probe(self) -> None:
        pass


def build(_settings: HeadersSettings, ground: Ground) -> HeadersScanner:
    return HeadersScanner(ground.offload, ground.reactor)


def look(head: Octets, now: datetime) -> tuple[Oddity, ...]:
    """What is odd about a message of which only the first octets are needed."""
    return find_oddities(read_fields(head), now)


def _symbol(oddity: Oddity) -> Symbol:
    name = f"HEADERS_{oddity.name}"
    return Symbol(name, SCORES[oddity], description=oddity.value)
