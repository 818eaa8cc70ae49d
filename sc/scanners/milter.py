"""A milter: any filter that mail servers ask, OpenDKIM and OpenDMARC first of all."""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from attrs import field, frozen

from sc.content import authserv
from sc.content.fields import MAX_FIELDS, MAX_HEADER, header_end, read_fields
from sc.model.decision import Action
from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import RAW_LIMIT, Findings, ScannerResult, Symbol
from sc.net.dialogue import Dialogue
from sc.net.server_pool import ExchangeError
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError, ScannerError
from sc.scanners.naming import symbol_prefix
from sc.scanners.served import ServedSettings, dialogue
from sc.scanners.settings import are_servers, positive
from sc.wire.milter_client import Answer, MilterClient
from sc.wire.milter_transaction import Transaction

MAX_FIELD = 60_000
"""Octets of a field: what Postfix gives a filter, and filters' libraries take."""

SCORES = {Action.REJECT: 4.0, Action.QUARANTINE: 4.0}
"""As much as a domain's own wish (`dmarc`); policy.scanner_actions goes further."""

_FIELD = "authentication-results"
_HOST = re.compile(r"[A-Za-z0-9._-]{0,255}")


def _method(_instance: object, _attribute: object, value: str) -> None:
    if value and value not in authserv.METHODS:
        raise ValueError(f"must be one of {', '.join(authserv.METHODS)}")


def _host(_instance: object, _attribute: object, value: str) -> None:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host's name")


@frozen(kw_only=True)
class MilterSettings(ServedSettings):
    """
    A milter, by the name that you give it.

    @ivar method: of the Authentication-Results that it adds, those of this method
        become symbols: spf, dkim, dmarc or arc; empty: none.
    @ivar believes: incoming Authentication-Results of this name are not shown to it:
        OpenDMARC's TrustedAuthservIDs.
    @ivar max_octets: a larger message is skipped, with a symbol that says so.
    """

    servers: tuple[str, ...] = field(validator=are_servers)
    method: str = field(default="", validator=_method)
    believes: str = field(default="", validator=_host)
    max_octets: int = field(default=25 << 20, validator=positive)


@frozen
class MilterScanner:
    name: str
    _dialogue: Dialogue
    _settings: MilterSettings
    interface: Interface

    needs = ()

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        transaction = self._transaction(message)
        codec = partial(MilterClient, transaction)
        try:
            answer = await self._dialogue.hold(codec, self._settings.timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e
        return self._findings(answer)

    async def probe(self) -> None:
        codec = partial(MilterClient, None)
        try:
            await self._dialogue.probe(codec, self._settings.timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._dialogue.statuses()

    def _transaction(self, message: Message) -> Transaction:
        content, believed = message.content, self._settings.believes
        end, body = header_end(content)
        fields = read_fields(content, MAX_FIELDS + 1)
        if (
            len(content) > self._settings.max_octets
            or end > MAX_HEADER
            or len(fields) > MAX_FIELDS
            or any(len(f.value) > MAX_FIELD for f in fields)
        ):
            # Shown in part, it would be another message.
            name = f"{symbol_prefix(self.name)}_TOO_LARGE"
            symbol = Symbol(name, description="not shown to the milter")
            raise NotScannedError("too large for a milter", symbol)
        shown = tuple(
            (f.name, f.value)
            for f in fields
            if not believed
            or f.name.lower() != _FIELD
            or not authserv.claims(f.value, believed)
        )
        return Transaction(message.id, message.envelope, shown, content, body)

    def _findings(self, answer: Answer) -> Findings:
        symbols = [*self._results(answer), *self._action(answer.action)]
        bad = answer.action is not Action.NO_ACTION
        word = answer.action.value
        raw = b"\n".join(name + b": " + value for name, value in answer.added)
        return Findings(
            tuple(symbols),
            flagged=(word,) if bad else (),
            passed=() if bad else (word,),
            raw=raw[:RAW_LIMIT].decode("latin-1"),
        )

    def _action(self, action: Action) -> Iterator[Symbol]:
        if action is not Action.NO_ACTION:
            name = f"{symbol_prefix(self.name)}_ACTION_{action.name}"
            description = f"the milter would {action.value}"
            yield Symbol(name, SCORES.get(action, 0.0), description=description)

    def _results(self, answer: Answer) -> Iterator[Symbol]:
        """One symbol for each result word, with the domains that it is about."""
        domains: dict[str, dict[str, None]] = {}
        for name, value in answer.added:
            if name.lower() == _FIELD.encode():
                for one in authserv.read_results(value):
                    if one.method == self._settings.method:
                        named = domains.setdefault(one.result, {})
                        named |= dict.fromkeys(authserv.domains(one))
        for word, about in domains.items():
            symbol = f"{symbol_prefix(self.name)}_{word.upper()}"
            description = f"{self._settings.method}, as the milter sees it: {word}"
            yield Symbol(symbol, options=tuple(about), description=description)


def build(name: str, settings: MilterSettings, ground: Ground) -> MilterScanner:
    return MilterScanner(name, dialogue(settings, ground), settings, settings.interface)
