"""DMARC: whether the author's domain stands behind the message (RFC 7489)."""

from collections.abc import Container, Mapping, Sequence

from attrs import field, frozen

from sc.content.author import AuthorError, SeveralAuthorsError, author_domain
from sc.content.dmarc_record import Record, RecordError, aligned, is_sampled
from sc.content.fields import MAX_HEADER, RawField, read_fields
from sc.model.authentication import Authentication
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, State, Symbol
from sc.net.dmarc import Published, find_policy
from sc.net.resolver import ResolveError
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive

NAME = "dmarc"

NEEDS = ("spf", "dkim")
"""What it judges by; without one of them, good mail would fail."""

_PROOFS = ("SPF_PASS", "DKIM_VALID")
_DOUBTS = ("SPF_TEMPERROR", "DKIM_TEMPERROR", "DKIM_TOO_LARGE")

# `reject` marks a message, and with one more doubt about it rejects: RFC 7489 6.7
# leaves that to the receiver, since lists and forwarders break what was right.
# Whoever hides his domain must not fare better than with one that fails.
SCORES = {
    "DMARC_REJECT": 4.0,
    "DMARC_QUARANTINE": 2.0,
    "DMARC_NO_FROM": 2.0,
    "DMARC_SEVERAL_FROM": 2.0,
}
DESCRIPTIONS = {
    "DMARC_PASS": "the author's domain stands behind it",
    "DMARC_REJECT": "not of the author's domain, which wants it rejected",
    "DMARC_QUARANTINE": "not of the author's domain, which wants it put aside",
    "DMARC_NONE": "not of the author's domain, which wants nothing done",
    "DMARC_OVERRIDDEN_BY_ARC": "changed on its way by who is trusted, right before",
    "DMARC_NO_POLICY": "the author's domain has no policy",
    "DMARC_TEMPERROR": "DNS cannot tell now whether the author's domain stands behind",
    "DMARC_PERMERROR": "what the author's domain publishes cannot be used",
    "DMARC_NO_FROM": "From names no domain that could be asked",
    "DMARC_SEVERAL_FROM": "From names several domains",
}
_RESULTS = {
    "DMARC_PASS": "pass",
    "DMARC_NO_POLICY": "none",
    "DMARC_TEMPERROR": "temperror",
}


@frozen(kw_only=True)
class DMARCSettings(ScannerSettings):
    """
    Whether the author's domain stands behind the message (RFC 7489); asks DNS, and
    needs the scanners `spf` and `dkim`.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)


@frozen
class _Asked:
    """
    What DNS said.

    @ivar symbol: how that alone ends it; "" if there is a policy.
    """

    symbol: str = ""
    published: Published | None = None


@frozen
class DMARCScanner:
    """Built in; always up. Its symbol names the author's domain."""

    _senders: Senders
    _settings: DMARCSettings

    name = NAME
    needs = (*NEEDS, "arc")
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        self._senders.must_be_strange(message.envelope)
        fields = read_fields(message.content[:MAX_HEADER])
        try:
            author = author_domain(fields)
        except SeveralAuthorsError as e:
            return _findings("DMARC_SEVERAL_FROM", reason=str(e))
        except AuthorError as e:
            return _findings("DMARC_NO_FROM", reason=str(e))
        asked = await self._senders.within(
            self._settings.timeout, self._ask(author), _Asked("DMARC_TEMPERROR")
        )
        if asked.published is None:
            return _findings(asked.symbol, author)
        return _judged(author, asked.published, found, fields)

    async def _ask(self, author: str) -> _Asked:
        try:
            published = await find_policy(self._senders.records, author)
        except RecordError:
            return _Asked("DMARC_PERMERROR")
        except ResolveError:
            return _Asked("DMARC_TEMPERROR")
        return _Asked("" if published else "DMARC_NO_POLICY", published)

    async def probe(self) -> None:
        pass


def build(settings: DMARCSettings, ground: Ground) -> DMARCScanner:
    return DMARCScanner(ground.senders, settings)


def _judged(
    author: str,
    published: Published,
    found: Mapping[str, ScannerResult],
    fields: Sequence[RawField],
) -> Findings:
    record = published.record
    if _any_aligned(found, _PROOFS, author, record):
        return _findings("DMARC_PASS", author)
    broken = any(found[name].state is State.ERROR for name in NEEDS)
    if broken or _any_aligned(found, _DOUBTS, author, record):
        return _findings("DMARC_TEMPERROR", author)
    for name in NEEDS:
        if found[name].state is State.SKIPPED:
            # What nobody looked for is not missing.
            raise NotScannedError(f"{name} did not look: {found[name].reason}")
    if _is_forgiven(found, author):
        return _findings("DMARC_OVERRIDDEN_BY_ARC", author)
    sampled = is_sampled(fields, record.percent)
    policy = published.policy if sampled else published.policy.milder
    return _findings(f"DMARC_{policy.name}", author)


def _any_aligned(
    found: Mapping[str, ScannerResult],
    names: Container[str],
    author: str,
    record: Record,
) -> bool:
    """Whether such a symbol names a domain that may speak for the author's."""
    strict = {"spf": record.strict_spf, "dkim": record.strict_dkim}
    return any(
        aligned(domain, author, strict=strict[name])
        for name in NEEDS
        for symbol in found[name].findings.symbols
        if symbol.name in names
        for domain in symbol.options
    )


def _is_forgiven(found: Mapping[str, ScannerResult], author: str) -> bool:
    """RFC 8617 7.2.1: on its way to a sealer whom the operator trusts it was right."""
    symbols = found["arc"].findings.symbols
    return any(s.name == "ARC_TRUSTED" and author in s.options for s in symbols)


def _findings(name: str, author: str = "", reason: str = "") -> Findings:
    description = DESCRIPTIONS[name] + (f": {reason}" if reason else "")
    symbol = Symbol(
        name, SCORES.get(name, 0.0), None, (author,) if author else (), description
    )
    word = name.removeprefix("DMARC_").lower().replace("_", " ")
    flagged = name in SCORES
    return Findings(
        (symbol,),
        flagged=(word,) if flagged else (),
        passed=() if flagged else (word,),
        authentication=(_authentication(name, author),),
    )


def _authentication(name: str, author: str) -> Authentication:
    """RFC 7489 11.1 and 11.2."""
    properties = (("header.from", author),)
    word = name.removeprefix("DMARC_").lower()
    if name == "DMARC_OVERRIDDEN_BY_ARC":
        word = "none"
    if word in ("reject", "quarantine", "none"):
        return Authentication(NAME, "fail", (*properties, ("policy.dmarc", word)))
    return Authentication(NAME, _RESULTS.get(name, "permerror"), properties)
