"""Virus scanners and filters that speak ICAP (RFC 3507), by the operator's names."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from attrs import field, frozen

from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.status import ServerStatus
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.dialogue import Dialogue
from sc.net.stream_exchange import ExchangeError
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError, ScannerError
from sc.scanners.naming import symbol_prefix
from sc.scanners.served import ServedSettings, dialogue
from sc.scanners.settings import OnError, are_servers, positive
from sc.scanners.size import must_fit
from sc.wire import icap
from sc.wire.icap import Clean, Found, Method, Verdict

_SERVICE = re.compile(r"[A-Za-z0-9._~/?&=%+-]{1,200}")


def _service(_instance: object, _attribute: Any, value: str) -> None:
    if not _SERVICE.fullmatch(value):
        raise ValueError("must be the path of an ICAP address, without the first /")


@frozen(kw_only=True)
class ICAPSettings(ServedSettings):
    """
    A scanner of that name, which speaks ICAP.

    @ivar service: what follows the host in its address, as `avscan` in
        icap://127.0.0.1:1344/avscan.
    @ivar method: `respmod` shows the message as something downloaded, `reqmod` as
        something uploaded: what the service offers.
    @ivar max_octets: a larger message is skipped, with a symbol that says so.
    """

    # A virus that slips through is worse than mail that waits.
    on_error: OnError = OnError.TEMPFAIL
    servers: tuple[str, ...] = field(default=("127.0.0.1:1344",), validator=are_servers)
    service: str = field(validator=_service)
    method: Method = Method.RESPMOD
    max_octets: int = field(default=25 << 20, validator=positive)


@frozen
class ICAPScanner:
    name: str
    _dialogue: Dialogue
    _settings: ICAPSettings
    interface: Interface

    needs = ()

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        content = message.content
        if not len(content):
            raise NotScannedError("an empty message")
        must_fit(content, self._settings.max_octets, self.name)
        codec = partial(self._client, content)
        try:
            verdict: Verdict = await self._dialogue.hold(codec, self._settings.timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e
        return self._findings(verdict)

    async def probe(self) -> None:
        """OPTIONS: whether the service is there and offers the method."""
        codec = partial(self._client, None)
        try:
            await self._dialogue.probe(codec, self._settings.timeout)
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._dialogue.statuses()

    def _client(self, content: Octets | None) -> icap.Client:
        return icap.Client(self._settings.service, self._settings.method, content)

    def _findings(self, verdict: Verdict) -> Findings:
        if isinstance(verdict, Clean):
            return Findings(passed=("OK",), raw="clean")
        if isinstance(verdict, Found):
            words = verdict.names
            symbol = self._symbol("VIRUS", "a virus was found", words)
        else:
            words = (verdict.text,)
            symbol = self._symbol("VIOLATION", "against a rule of the service", words)
        return Findings((symbol,), flagged=words, raw=", ".join(words))

    def _symbol(
        self, name: str, description: str, options: tuple[str, ...] = ()
    ) -> Symbol:
        full = f"{symbol_prefix(self.name)}_{name}"
        return Symbol(full, options=options, description=description)


def build(name: str, settings: ICAPSettings, ground: Ground) -> ICAPScanner:
    return ICAPScanner(name, dialogue(settings, ground), settings, settings.interface)
