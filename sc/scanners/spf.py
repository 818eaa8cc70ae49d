"""SPF: whether the client may send for the sender's domain (RFC 7208)."""

from collections.abc import Mapping

from attrs import field, frozen

from sc.content.spf_record import Result
from sc.model.authentication import Authentication
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.spf import Checked, check_host, identity
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive

NAME = "spf"

# That a domain publishes SPF says nothing good: spammers do. A `fail` alone does
# not mark a message: mail that somebody forwards fails, too.
_SCORES = {Result.FAIL: 1.0, Result.SOFTFAIL: 0.5}
_DESCRIPTIONS = {
    Result.NONE: "the sender's domain says nothing about its hosts",
    Result.NEUTRAL: "the sender's domain leaves open whether this is its host",
    Result.PASS: "a host of the sender's domain",
    Result.FAIL: "not a host of the sender's domain",
    Result.SOFTFAIL: "probably not a host of the sender's domain",
    Result.TEMPERROR: "DNS cannot tell the hosts of the sender's domain now",
    Result.PERMERROR: "what the sender's domain says about its hosts is wrong",
}


@frozen(kw_only=True)
class SPFSettings(ScannerSettings):
    """
    Whether the client may send for the sender's domain (RFC 7208); asks DNS.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    """

    # It asks strangers' name servers: for a site without DNS each mail would wait.
    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)


@frozen
class SPFScanner:
    """Built in; always up. Its symbol names the domain that was asked."""

    _senders: Senders
    _settings: SPFSettings

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        envelope = message.envelope
        self._senders.must_be_strange(envelope)
        sender, helo = envelope.sender, envelope.helo or ""
        if envelope.client_ip is None:
            raise NotScannedError("the client's address is not known")
        if sender is None:
            raise NotScannedError("the sender is not known")
        late = Checked(Result.TEMPERROR, identity(sender, helo), "it takes too long")
        check = check_host(self._senders.records, envelope.client_ip, sender, helo)
        checked = await self._senders.within(self._settings.timeout, check, late)
        return _findings(checked, "smtp.mailfrom" if sender else "smtp.helo")

    async def probe(self) -> None:
        pass


def build(settings: SPFSettings, ground: Ground) -> SPFScanner:
    return SPFScanner(ground.senders, settings)


def _findings(checked: Checked, source: str) -> Findings:
    """@param source: where the domain was written, in RFC 8601's words."""
    result = checked.result
    description = _DESCRIPTIONS[result]
    if checked.reason:
        description += f": {checked.reason}"
    symbol = Symbol(
        f"SPF_{result.name}",
        score=_SCORES.get(result, 0.0),
        options=(checked.domain,) if checked.domain else (),
        description=description,
    )
    failed = result is Result.FAIL
    return Findings(
        (symbol,),
        flagged=(result.value,) if failed else (),
        passed=() if failed else (result.value,),
        authentication=(
            Authentication(NAME, result.value, ((source, checked.domain),)),
        ),
    )
