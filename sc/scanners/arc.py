"""ARC: who handled the message on its way, and whether that is true (RFC 8617)."""

import re
from collections.abc import Mapping

from attrs import field, frozen

from sc.content.arc_chain import Chain, ChainError, read_chain
from sc.content.arc_verify import verify_chain
from sc.content.authserv import domains
from sc.content.dkim_verify import MAX_FIELDS, MAX_HEADER, MAX_OCTETS, TOO_LARGE, Result
from sc.content.fields import header_end, read_fields
from sc.model.authentication import Authentication
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.net.dkim_keys import find_keys
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, NotScannedError
from sc.scanners.senders import Senders
from sc.scanners.settings import Enabled, ScannerSettings, positive

NAME = "arc"

# None has a score: anybody may seal what he likes.
DESCRIPTIONS = {
    "ARC_PASS": "handled by these domains, and unchanged since",
    "ARC_FAIL": "who handled it cannot be told",
    "ARC_TEMPERROR": "the keys of who handled it cannot be looked up now",
    "ARC_NONE": "nobody says that he handled it",
    "ARC_TRUSTED": "trusted sealers found that it was of this author's domain",
}
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,30}")


def _are_domains(_instance: object, _attribute: object, value: tuple[str, ...]) -> None:
    for name in value:
        if not _HOST.fullmatch(name):
            raise ValueError(f"{name}: must be a domain in lower case")


@frozen(kw_only=True)
class ARCSettings(ScannerSettings):
    """
    Who handled the message on its way (RFC 8617); asks DNS for their keys.

    @ivar enabled: `auto` is `true`: it needs no server but DNS.
    @ivar timeout: seconds for one message; a later answer is a `temperror`.
    @ivar trusted_sealers: domains whose word counts: if nobody else sealed a message,
        and one of them found `dmarc=pass`, that it fails here is forgiven.
    """

    enabled: Enabled = Enabled.FALSE
    timeout: float = field(default=10.0, validator=positive)
    trusted_sealers: tuple[str, ...] = field(default=(), validator=_are_domains)


@frozen
class ARCScanner:
    """Built in; always up. Its symbols name the sealing domains."""

    _senders: Senders
    _offload: Offload
    _settings: ARCSettings

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        self._senders.must_be_strange(message.envelope)
        content = message.content
        try:
            chain = await self._offload(min(len(content), MAX_HEADER), _read, content)
        except ChainError as e:
            return _findings("ARC_FAIL", reason=str(e))
        if chain is None:
            return _findings("ARC_NONE")
        late = (Result.TEMPERROR, "")
        work = self._verified(content, chain)
        result, reason = await self._senders.within(self._settings.timeout, work, late)
        if reason == TOO_LARGE:
            raise _too_large()
        if result is not Result.PASS:
            return _findings(f"ARC_{result.name}", chain.sealers, reason)
        return _findings("ARC_PASS", chain.sealers, authors=self._trusted(chain))

    async def _verified(self, content: Octets, chain: Chain) -> tuple[Result, str]:
        keys = await find_keys(self._senders.records, chain.key_names)
        # Each seal is a pass over all the older ones.
        size = len(content) * len(chain.sets)
        return await self._offload(size, verify_chain, content, chain, keys)

    def _trusted(self, chain: Chain) -> tuple[str, ...]:
        """
        The authors' domains that trusted sealers found right. Whoever sealed later
        may have changed all but the older seals, so that one who is not trusted
        spoils the chain.
        """
        if set(chain.sealers) - set(self._settings.trusted_sealers):
            return ()
        results = [one for s in chain.sets for one in s.found]
        passed = [r for r in results if (r.method, r.result) == ("dmarc", "pass")]
        return tuple(dict.fromkeys(name for r in passed for name in domains(r)))

    async def probe(self) -> None:
        pass


def build(settings: ARCSettings, ground: Ground) -> ARCScanner:
    return ARCScanner(ground.senders, ground.offload, settings)


def _read(content: Octets) -> Chain | None:
    """
    @raise ChainError: what is there is no chain.
    @raise NotScannedError: what is there is too large to be verified.
    """
    end, _ = header_end(content)
    fields = read_fields(content, MAX_FIELDS + 1)
    if end > MAX_HEADER or len(fields) > MAX_FIELDS:
        raise _too_large()
    chain = read_chain(fields)
    if chain is not None and len(content) > MAX_OCTETS:
        raise _too_large()
    return chain


def _too_large() -> NotScannedError:
    symbol = Symbol("ARC_TOO_LARGE", description="too large to be verified")
    return NotScannedError(TOO_LARGE, symbol)


def _findings(
    name: str,
    sealers: tuple[str, ...] = (),
    reason: str = "",
    authors: tuple[str, ...] = (),
) -> Findings:
    description = DESCRIPTIONS[name] + (f": {reason}" if reason else "")
    symbols = [Symbol(name, options=sealers, description=description)]
    if authors:
        trusted = DESCRIPTIONS["ARC_TRUSTED"]
        symbols.append(Symbol("ARC_TRUSTED", options=authors, description=trusted))
    word = name.removeprefix("ARC_").lower()
    # RFC 8617 10.1 has no word for what cannot be told now.
    told = () if word == "temperror" else (Authentication(NAME, word, (), reason),)
    return Findings(tuple(symbols), passed=(word,), authentication=told)
