"""rspamd: asks its normal worker for action, score and symbols (HTTP)."""

from collections.abc import Mapping
from functools import partial

from attrs import field, frozen

from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import RAW_LIMIT, Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import are_servers, positive
from sc.scanners.size import must_fit
from sc.wire import http_client, rspamd

NAME = "rspamd"

# What rspamd itself does not call spam; a greylisted message comes again.
_HARMLESS = {"no action", "greylist"}


@frozen(kw_only=True)
class RspamdSettings(ServedSettings):
    """
    rspamd's normal worker.

    @ivar max_octets: a larger message is skipped, with a symbol that says so;
        not above rspamd's max_message.
    """

    servers: tuple[str, ...] = field(
        default=("127.0.0.1:11333",), validator=are_servers
    )
    max_octets: int = field(default=25 << 20, validator=positive)


@frozen
class RspamdScanner:
    _exchange: Exchange
    _offload: Offload
    _settings: RspamdSettings
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
        request = partial(rspamd.request, content, message.envelope)
        question = Question(request, rspamd.REPLY_LIMIT)
        timeout = self._settings.timeout
        try:
            answer = await self._exchange.read(
                question, http_client.parse_reply, timeout
            )
            size = len(answer.content)
            reply = await self._offload(size, rspamd.read_reply, answer)
        except (ExchangeError, http_client.ProtocolError) as e:
            raise ScannerError(str(e)) from e
        if isinstance(reply, rspamd.Refused):
            raise MessageRefusedError(f"rspamd could not scan it: {reply.text}")
        return _findings(reply)

    async def probe(self) -> None:
        ping = partial(http_client.request, rspamd.PING)
        question = Question(ping, rspamd.PONG_LIMIT)
        timeout = self._settings.timeout
        try:
            await self._exchange.probe(question, rspamd.parse_pong, timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._exchange.statuses()


def build(settings: RspamdSettings, ground: Ground) -> RspamdScanner:
    return RspamdScanner(
        exchange(settings, ground), ground.offload, settings, settings.interface
    )


def _findings(result: rspamd.Result) -> Findings:
    """@raise NotScannedError: rspamd's settings spare such messages."""
    harmless = result.action in _HARMLESS
    if result.is_skipped and harmless:
        raise NotScannedError(
            "skipped by rspamd",
            Symbol("RSPAMD_SKIPPED", description="rspamd spares such messages"),
        )
    score = f"{result.score:.2f}"
    return Findings(
        (*_totals(result), *(_symbol(hit) for hit in result.hits)),
        flagged=() if harmless else (score,),
        passed=(score,) if harmless else (),
        raw=result.content[:RAW_LIMIT].decode("utf-8", "replace"),
    )


def _totals(result: rspamd.Result) -> tuple[Symbol, Symbol]:
    of = "" if result.required is None else f"/{result.required:.2f}"
    action = result.action.upper().replace(" ", "_").replace("-", "_")
    return (
        Symbol(
            "RSPAMD",
            score=result.score,
            options=(f"{result.score:.2f}{of}",),
            description="the score of all its symbols",
        ),
        Symbol(f"RSPAMD_ACTION_{action}", description="what rspamd itself would do"),
    )


def _symbol(hit: rspamd.Hit) -> Symbol:
    """Without a score: rspamd's own sum is bounded by its groups."""
    text = f"{hit.score:.2f} of rspamd's score"
    return Symbol(
        f"RSPAMD_{hit.name}",
        options=hit.options,
        description=f"{text}: {hit.description}" if hit.description else text,
    )
