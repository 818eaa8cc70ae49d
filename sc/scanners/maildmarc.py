"""Mail::DMARC: asks its HTTP service whether the author's domain stands behind."""

from collections.abc import Iterator, Mapping
from functools import partial

from attrs import evolve, field, frozen

from sc.content.author import AuthorError, author_domain
from sc.content.fields import MAX_HEADER, read_fields
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.status import ServerStatus
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.net.stream_exchange import Exchange, ExchangeError, Question
from sc.scanners.ground import Ground
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.senders import Senders
from sc.scanners.served import ServedSettings, exchange
from sc.scanners.settings import Enabled, are_servers
from sc.wire import maildmarc
from sc.wire.maildmarc import Disposition, Facts, Judged, Proof, Result

NAME = "maildmarc"

NEEDS = ("spf", "dkim")
"""What it judges by; without one of them, good mail would fail."""

ADVICE = "start it as dmarc_httpd --max_requests=1"

_SCOPES = {"smtp.mailfrom": "mfrom", "smtp.helo": "helo"}
_DOUBT = "temperror"

# As `dmarc` has them: one of the two is enough.
SCORES = {"MAILDMARC_REJECT": 4.0, "MAILDMARC_QUARANTINE": 2.0}
DESCRIPTIONS = {
    "MAILDMARC_PASS": "the author's domain stands behind it",
    "MAILDMARC_REJECT": "not of the author's domain, which wants it rejected",
    "MAILDMARC_QUARANTINE": "not of the author's domain, which wants it put aside",
    "MAILDMARC_FAIL": "not of the author's domain, which wants nothing done",
    "MAILDMARC_NONE": "the author's domain has no policy, or DNS does not tell it",
}


@frozen(kw_only=True)
class MailDMARCSettings(ServedSettings):
    """
    Mail::DMARC's HTTP service; needs the scanners `spf` and `dkim`. `dmarc` says the
    same without a server.

    @ivar enabled: `auto` uses it where it is found.
    """

    enabled: Enabled = Enabled.FALSE
    servers: tuple[str, ...] = field(default=("127.0.0.1:8080",), validator=are_servers)


@frozen
class MailDMARCScanner:
    _exchange: Exchange
    _senders: Senders
    _settings: MailDMARCSettings
    interface: Interface

    name = NAME
    needs = NEEDS

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        self._senders.must_be_strange(message.envelope)
        facts = _facts(message, found)
        reply = await self._ask(facts)
        if isinstance(reply, maildmarc.Refused) and reply.for_envelope:
            # It is for its reports alone: no reason to let a forger pass.
            reply = await self._ask(evolve(facts, envelope_from="", envelope_to=""))
        if isinstance(reply, maildmarc.Refused):
            raise MessageRefusedError(f"Mail::DMARC could not judge it: {reply.text}")
        if not reply.is_about(facts):
            raise ScannerError(f"it judged another message: {ADVICE}")
        if reply.result is Result.FAIL:
            _must_be_certain(found)
        return _findings(reply, facts.author)

    async def _ask(self, facts: Facts) -> maildmarc.Reply:
        question = Question(partial(maildmarc.request, facts), maildmarc.REPLY_LIMIT)
        try:
            return await self._exchange.read(
                question, maildmarc.parse_reply, self._settings.timeout
            )
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    async def probe(self) -> None:
        question = Question(maildmarc.probe, maildmarc.REPLY_LIMIT)
        try:
            await self._exchange.probe(
                question, maildmarc.parse_reply, self._settings.timeout
            )
        except ExchangeError as e:
            raise ScannerError(str(e)) from e

    def servers(self) -> tuple[ServerStatus, ...]:
        return self._exchange.statuses()


def build(settings: MailDMARCSettings, ground: Ground) -> MailDMARCScanner:
    return MailDMARCScanner(
        exchange(settings, ground), ground.senders, settings, settings.interface
    )


def _facts(message: Message, found: Mapping[str, ScannerResult]) -> Facts:
    """@raise NotScannedError: there is nobody to ask about, or nothing to judge by."""
    try:
        author = author_domain(read_fields(message.content[:MAX_HEADER]))
    except AuthorError as e:
        raise NotScannedError(str(e)) from e
    if not maildmarc.is_domain(author):
        raise NotScannedError("its author's domain is none that DNS has")
    if all(found[name].state is not State.DONE for name in NEEDS):
        raise NotScannedError("neither spf nor dkim looked")
    envelope = message.envelope
    return Facts(
        author,
        str(envelope.client_ip or ""),
        _domain(envelope.sender),
        _recipients_domain(envelope),
        tuple(_spf(found["spf"])),
        tuple(_dkim(found["dkim"])),
    )


def _spf(result: ScannerResult) -> Iterator[Proof]:
    for one in result.findings.authentication:
        for source, domain in one.properties:
            if maildmarc.is_domain(domain):
                yield Proof(domain, one.result, _SCOPES[source])


def _dkim(result: ScannerResult) -> Iterator[Proof]:
    for one in result.findings.authentication:
        told = dict(one.properties)
        domain = told.get("header.d", "")
        if maildmarc.is_domain(domain):
            yield Proof(domain, one.result, told["header.s"])


def _domain(address: str | None) -> str:
    domain = (address or "").rpartition("@")[2]
    return domain if maildmarc.is_domain(domain) else ""


def _recipients_domain(envelope: Envelope) -> str:
    return _domain(envelope.recipients[0]) if envelope.recipients else ""


def _must_be_certain(found: Mapping[str, ScannerResult]) -> None:
    """
    A proof that nobody could look for is not missing.

    @raise NotScannedError: it may be the author's, for all we know.
    """
    for name in NEEDS:
        result = found[name]
        if result.state is not State.DONE:
            raise NotScannedError(f"{name} did not look")
        if any(one.result == _DOUBT for one in result.findings.authentication):
            raise NotScannedError(f"{name} could not tell")


def _findings(judged: Judged, author: str) -> Findings:
    name = f"MAILDMARC_{judged.result.name}"
    if judged.result is Result.FAIL and judged.disposition is not Disposition.NONE:
        name = f"MAILDMARC_{judged.disposition.name}"
    symbol = Symbol(name, SCORES.get(name, 0.0), None, (author,), DESCRIPTIONS[name])
    failed, word = judged.result is Result.FAIL, (judged.disposition.value,)
    return Findings(
        (symbol,),
        flagged=word if failed else (),
        passed=() if failed else word,
        raw=f"{judged.result.value}, {judged.disposition.value}",
    )
