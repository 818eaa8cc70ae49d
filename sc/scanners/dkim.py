"""DKIM: which domains signed the message, and whether it is still theirs (RFC 6376)."""

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from sc.content.dkim_signature import Signature, read_signatures
from sc.content.dkim_verify import TOO_LARGE, Result, Verified, verify
from sc.content.fields import MAX_HEADER, read_fields
from sc.model.authentication import Authentication
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.dkim_keys import find_keys
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive

NAME = "dkim"

# None has a score: anybody may sign, and RFC 6376 6.1 wants a broken signature to
# be no worse than none.
DESCRIPTIONS = {
    "DKIM_VALID": "signed by these domains, and unchanged",
    "DKIM_PARTIAL": "signed in its beginning only: the rest may be anybody's",
    "DKIM_TESTING": "signed by domains that only try DKIM",
    "DKIM_INVALID": "these domains' signatures do not hold",
    "DKIM_TEMPERROR": "the keys of these domains cannot be looked up now",
    "DKIM_TOO_LARGE": "too large to be verified for these domains",
    "DKIM_NONE": "not signed",
}
_SYMBOLS = {
    Result.PASS: "DKIM_VALID",
    Result.NEUTRAL: "DKIM_TESTING",
    Result.FAIL: "DKIM_INVALID",
    Result.PERMERROR: "DKIM_INVALID",
    Result.TEMPERROR: "DKIM_TEMPERROR",
}


@frozen(kw_only=True)
class DKIMSettings(ScannerSettings):
    """
    Which domains signed the message (RFC 6376); asks DNS for their keys.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)


@frozen
class DKIMScanner:
    """Built in; always up. Its symbols name the signing domains."""

    _senders: Senders
    _offload: Offload
    _settings: DKIMSettings

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        self._senders.must_be_strange(message.envelope)
        content = message.content
        header = min(len(content), MAX_HEADER)
        signatures = await self._offload(header, _read, content)
        late = tuple(Verified(one, Result.TEMPERROR) for one in signatures)
        return _findings(
            await self._senders.within(
                self._settings.timeout, self._verified(content, signatures), late
            )
        )

    async def _verified(
        self, content: Octets, signatures: tuple[Signature, ...]
    ) -> tuple[Verified, ...]:
        keys = await find_keys(
            self._senders.records, (one.key_name for one in signatures)
        )
        return await self._offload(len(content), verify, content, signatures, keys)

    async def probe(self) -> None:
        pass


def build(settings: DKIMSettings, ground: Ground) -> DKIMScanner:
    return DKIMScanner(ground.senders, ground.offload, settings)


def _read(content: Octets) -> tuple[Signature, ...]:
    return read_signatures(read_fields(content))


def _findings(results: Sequence[Verified]) -> Findings:
    domains: dict[str, dict[str, None]] = {}
    for one in results:
        for name in _names(one):
            domains.setdefault(name, {})[one.signature.domain] = None
    found = domains or {"DKIM_NONE": {}}
    symbols = tuple(
        Symbol(name, options=tuple(found[name]), description=description)
        for name, description in DESCRIPTIONS.items()
        if name in found
    )
    return Findings(
        symbols,
        passed=tuple(s.name[5:].lower() for s in symbols),
        authentication=tuple(map(_authentication, results))
        or (Authentication(NAME, "none"),),
    )


def _authentication(one: Verified) -> Authentication:
    signature = one.signature
    properties = (
        ("header.d", signature.domain),
        ("header.s", signature.selector),
        ("header.b", signature.prefix),
    )
    return Authentication(NAME, one.result.value, properties, one.reason)


def _names(one: Verified) -> tuple[str, ...]:
    if one.reason == TOO_LARGE:
        return ("DKIM_TOO_LARGE",)
    partial = one.passed and one.signature.partial
    return (_SYMBOLS[one.result], *(("DKIM_PARTIAL",) if partial else ()))
