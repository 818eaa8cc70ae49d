"""ClamAV: asks clamd, one connection a message (zINSTREAM)."""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.ground import Ground
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import OnError, are_servers, positive
from sc.wire import clamd

NAME = "clamav"
CLEAN = Findings(passed=("OK",), raw="stream: OK")


@frozen(kw_only=True)
class ClamAVSettings(ServedSettings):
    """
    clamd.

    @ivar max_octets: a larger message is skipped, with a symbol that says so;
        not above clamd's StreamMaxLength.
    """

    # A virus that slips through is worse than mail that waits.
    on_error: OnError = OnError.TEMPFAIL
    servers: tuple[str, ...] = field(
        default=("/var/run/clamav/clamd.ctl", "127.0.0.1:3310"), validator=are_servers
    )
    max_octets: int = field(default=25 << 20, validator=positive)


@frozen
class ClamAVScanner:
    _exchange: Exchange
    _settings: ClamAVSettings
    interface: Interface

    name = NAME
    needs = ()

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        if len(message.content) > self._settings.max_octets:
            raise NotScannedError(
                f"larger than {self._settings.max_octets} octets",
                Symbol("CLAMAV_TOO_LARGE", description="not scanned for viruses"),
            )
        try:
            octets = await self._ask(clamd.request(message.content))
            reply = clamd.parse_reply(octets)
        except (ExchangeError, clamd.ProtocolError) as e:
            raise ScannerError(str(e)) from e
        if isinstance(reply, clamd.Failed):
            raise MessageRefusedError(f"clamd could not scan it: {reply.text}")
        return _infected(reply.signature) if isinstance(reply, clamd.Found) else CLEAN

    async def probe(self) -> None:
        try:
            clamd.parse_pong(await self._ask([clamd.PING]))
        except (ExchangeError, clamd.ProtocolError) as e:
            raise ScannerError(str(e)) from e

    async def _ask(self, request: Iterable[bytes]) -> bytes:
        question = Question(request, clamd.REPLY_LIMIT, clamd.END)
        return await self._exchange.ask(question, self._settings.timeout)


def build(settings: ClamAVSettings, ground: Ground) -> ClamAVScanner:
    return ClamAVScanner(exchange(settings, ground), settings, settings.interface)


def _infected(signature: str) -> Findings:
    symbol = Symbol(
        "CLAMAV_VIRUS", options=(signature,), description="a virus was found"
    )
    return Findings((symbol,), flagged=(signature,), raw=f"stream: {signature} FOUND")
