"""SpamAssassin: asks spamd for score and symbols, one connection a message (SPAMC)."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from sc.model.message import Message
from sc.model.verdict import RAW_LIMIT, Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.settings import SpamAssassinSettings, is_user
from sc.wire import spamc

NAME = "spamassassin"


@frozen
class SpamAssassinScanner:
    _exchange: Exchange
    _settings: SpamAssassinSettings
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
                Symbol("SPAMASSASSIN_TOO_LARGE", description="not scanned for spam"),
            )
        request = spamc.request(message.content, self._user(message))
        # spamd reads lines: without the half-close a message that does not end in
        # a line end would wait for 300 s.
        question = Question(request, spamc.REPLY_LIMIT, half_close=True)
        try:
            octets = await self._exchange.ask(question, self._settings.timeout)
            reply = spamc.parse_reply(octets)
        except (ExchangeError, spamc.ProtocolError) as e:
            raise ScannerError(str(e)) from e
        if isinstance(reply, spamc.Refused):
            raise MessageRefusedError(f"spamd could not scan it: code {reply.code}")
        return _findings(reply, octets)

    def _user(self, message: Message) -> str:
        """SPAMC's own `User` goes on to spamd: it selects preferences, no more."""
        user = message.envelope.preferences or ""
        return user if user and is_user(user) else self._settings.user

    async def probe(self) -> None:
        question = Question([spamc.PING], 512, b"\n")
        try:
            reply = await self._exchange.ask(question, self._settings.timeout)
            spamc.parse_pong(reply)
        except (ExchangeError, spamc.ProtocolError) as e:
            raise ScannerError(str(e)) from e


def _findings(result: spamc.Result, octets: bytes) -> Findings:
    score = f"{result.score:.1f}"
    total = Symbol(
        "SPAMASSASSIN",
        score=result.score,
        required=result.required,
        options=(f"{score}/{result.required:.1f}",),
        description="the score of all its rules",
    )
    return Findings(
        (total, *(Symbol(f"SA_{name.upper()}") for name in result.symbols)),
        flagged=(score,) if result.is_spam else (),
        passed=() if result.is_spam else ("ham",),
        raw=octets[:RAW_LIMIT].decode("latin-1"),
    )
