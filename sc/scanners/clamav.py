"""ClamAV: asks clamd, one connection a message (zINSTREAM)."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.settings import ClamAVSettings
from sc.wire import clamd

NAME = "clamav"
CLEAN = Findings(passed=("OK",), raw="stream: OK")


@frozen
class ClamAVScanner:
    _exchange: Exchange
    _settings: ClamAVSettings
    interface: Interface

    @property
    def name(self) -> str:
        return NAME

    @property
    def needs(self) -> Sequence[str]:
        return ()

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


def _infected(signature: str) -> Findings:
    symbol = Symbol(
        "CLAMAV_VIRUS", options=(signature,), description="a virus was found"
    )
    return Findings((symbol,), flagged=(signature,), raw=f"stream: {signature} FOUND")
