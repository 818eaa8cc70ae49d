"""DCC: asks dccifd how many others have had the same message."""

from collections.abc import Iterator, Mapping
from functools import partial

from attrs import field, frozen

from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError, ScannerError
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import Enabled, are_servers, positive
from sc.scanners.size import must_fit
from sc.wire import dcc
from sc.wire.dcc import Overall

NAME = "dcc"

# Newsletters that people ask for are bulk, too: neither marks a message alone. That
# the site's own dccifd would reject what is bulk does.
SCORES = {"DCC_BULK": 2.0, "DCC_REJECT": 4.0}


@frozen(kw_only=True)
class DCCSettings(ServedSettings):
    """
    dccifd of the Distributed Checksum Clearinghouses.

    @ivar enabled: `auto` uses it where it is found. It tells a network of strangers
        the checksums of every message.
    @ivar max_octets: a larger message is skipped, with a symbol that says so.
    """

    enabled: Enabled = Enabled.FALSE
    servers: tuple[str, ...] = field(
        default=("/var/dcc/dccifd", "127.0.0.1:1025"), validator=are_servers
    )
    max_octets: int = field(default=25 << 20, validator=positive)


@frozen
class DCCScanner:
    _exchange: Exchange
    _settings: DCCSettings
    interface: Interface

    name = NAME
    needs = ()

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        content = message.content
        if not len(content):
            raise NotScannedError("an empty message")
        must_fit(content, self._settings.max_octets, self.name)
        request = partial(dcc.request, content, message.envelope)
        question = Question(request, dcc.REPLY_LIMIT, half_close=True)
        try:
            result, raw = await self._exchange.read(
                question, _reply, self._settings.timeout
            )
        except ExchangeError as e:
            raise ScannerError(str(e)) from e
        return _findings(result, raw)

    async def probe(self) -> None:
        question = Question(dcc.probe, dcc.REPLY_LIMIT, half_close=True)
        try:
            await self._exchange.probe(question, _reply, self._settings.timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._exchange.statuses()


def build(settings: DCCSettings, ground: Ground) -> DCCScanner:
    return DCCScanner(exchange(settings, ground), settings, settings.interface)


def _reply(octets: bytes) -> tuple[dcc.Result, str]:
    """
    Parsed, and as it came.

    @raise ValueError: no answer, or that there is none now.
    """
    result = dcc.parse_reply(octets)
    if result.overall is Overall.LATER:
        raise ValueError("dccifd has no answer from a DCC server")
    return result, octets.decode("latin-1")


def _findings(result: dcc.Result, raw: str) -> Findings:
    bad = result.overall in (Overall.REJECT, Overall.GREYLIST)
    letter = (result.overall.value,)
    return Findings(
        tuple(_symbols(result)),
        flagged=letter if bad else (),
        passed=() if bad else letter,
        raw=raw,
    )


def _symbols(result: dcc.Result) -> Iterator[Symbol]:
    if result.is_bulk:
        yield _symbol("DCC_BULK", result.counts, "many have had this message")
    if result.overall is Overall.GREYLIST:
        yield _symbol("DCC_GREYLIST", (), "dccifd would let the sender come again")
    elif result.refused == result.recipients:
        yield _symbol("DCC_REJECT", result.counts, "dccifd would reject it")
    elif result.refused:
        share = f"{result.refused}/{result.recipients}"
        yield _symbol("DCC_REJECT_SOME", (share,), "some recipients refuse bulk mail")


def _symbol(name: str, options: tuple[str, ...], description: str) -> Symbol:
    return Symbol(name, SCORES.get(name, 0.0), None, options, description)
