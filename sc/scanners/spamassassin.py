"""SpamAssassin: asks spamd for score and symbols, one connection a message (SPAMC)."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from attrs import field, frozen

from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import RAW_LIMIT, Findings, ScannerResult, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, MessageRefusedError, ScannerError
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import are_servers, positive
from sc.scanners.size import must_fit
from sc.wire import spamc

NAME = "spamassassin"


_USER = re.compile(r"[A-Za-z0-9._@+=-]{0,128}")


def _user(_instance: object, _attribute: Any, value: str) -> None:
    if not is_user(value):
        raise ValueError("must be at most 128 letters, digits or any of . _ @ + = -")


def is_user(text: str) -> bool:
    """Whether it can stand in SPAMC's `User` without harm, or is empty."""
    return _USER.fullmatch(text) is not None


@frozen(kw_only=True)
class SpamAssassinSettings(ServedSettings):
    """
    spamd.

    @ivar user: whose preferences apply if the client names none; empty: spamd's own.
    @ivar max_octets: a larger message is skipped, with a symbol that says so;
        500 KiB is spamc's own limit, and a spamd child keeps what it once took.
    """

    servers: tuple[str, ...] = field(default=("127.0.0.1:783",), validator=are_servers)
    user: str = field(default="", validator=_user)
    max_octets: int = field(default=512_000, validator=positive)


@frozen
class SpamAssassinScanner:
    _exchange: Exchange
    _settings: SpamAssassinSettings
    interface: Interface

    name = NAME
    needs = ()

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        must_fit(message.content, self._settings.max_octets, self.name)
        request = partial(spamc.request, message.content, self._user(message))
        # spamd reads lines: without the half-close a message that does not end in
        # a line end would wait for 300 s.
        question = Question(request, spamc.REPLY_LIMIT, half_close=True)
        timeout = self._settings.timeout
        try:
            reply, raw = await self._exchange.read(question, _reply, timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e
        if isinstance(reply, spamc.Refused):
            raise MessageRefusedError(f"spamd could not scan it: code {reply.code}")
        return _findings(reply, raw)

    def _user(self, message: Message) -> str:
        """SPAMC's own `User` goes on to spamd: it selects preferences, no more."""
        user = message.envelope.preferences or ""
        return user if user and is_user(user) else self._settings.user

    async def probe(self) -> None:
        question = Question(lambda: (spamc.PING,), 512, b"\n")
        timeout = self._settings.timeout
        try:
            await self._exchange.probe(question, spamc.parse_pong, timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._exchange.statuses()


def build(settings: SpamAssassinSettings, ground: Ground) -> SpamAssassinScanner:
    return SpamAssassinScanner(exchange(settings, ground), settings, settings.interface)


def _reply(octets: bytes) -> tuple[spamc.Reply, str]:
    """Parsed, and as it came."""
    return spamc.parse_reply(octets), octets[:RAW_LIMIT].decode("latin-1")


def _findings(result: spamc.Result, raw: str) -> Findings:
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
        raw=raw,
    )
