"""ClamAV: asks clamd, one connection a message (zINSTREAM)."""

from collections.abc import Mapping
from functools import partial

from attrs import field, frozen

from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, MessageRefusedError, ScannerError
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import OnError, are_servers, positive
from sc.scanners.size import must_fit
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
        must_fit(message.content, self._settings.max_octets, self.name)
        request = partial(clamd.request, message.content)
        question = Question(request, clamd.REPLY_LIMIT, clamd.END)
        timeout = self._settings.timeout
        try:
            reply = await self._exchange.read(question, clamd.parse_reply, timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e
        if isinstance(reply, clamd.Failed):
            raise MessageRefusedError(f"clamd could not scan it: {reply.text}")
        return _infected(reply.signature) if isinstance(reply, clamd.Found) else CLEAN

    async def probe(self) -> None:
        question = Question(lambda: (clamd.PING,), clamd.REPLY_LIMIT, clamd.END)
        timeout = self._settings.timeout
        try:
            await self._exchange.probe(question, clamd.parse_pong, timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._exchange.statuses()


def build(settings: ClamAVSettings, ground: Ground) -> ClamAVScanner:
    return ClamAVScanner(exchange(settings, ground), settings, settings.interface)


def _infected(signature: str) -> Findings:
    symbol = Symbol(
        "CLAMAV_VIRUS", options=(signature,), description="a virus was found"
    )
    return Findings((symbol,), flagged=(signature,), raw=f"stream: {signature} FOUND")
