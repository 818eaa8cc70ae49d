"""The links of a message: those that hide where they lead."""

from collections.abc import Mapping

from attrs import frozen

from sc.content import mime
from sc.content.deceptions import Deception, find_deceptions
from sc.content.media import Media
from sc.model.message import Message
from sc.model.octets import Octets
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import Enabled, ScannerSettings

NAME = "links"

SCORES = {
    Deception.OTHER_HOST: 0.5,
    Deception.ADDRESS_HOST: 1.5,
    Deception.SHORTENER: 0.2,
    Deception.USERINFO: 1.0,
    Deception.MIXED_SCRIPT: 2.5,
    Deception.LOOKALIKE: 2.0,
}
"""None is spam alone; docs/scanners/links.md has how often each is met."""


@frozen(kw_only=True)
class LinksSettings(ScannerSettings):
    """Links that hide where they lead; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen
class LinksScanner:
    """Built in; always up."""

    _offload: Offload

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        content = message.content
        deceptions = await self._offload(len(content), look, content)
        symbols = tuple(_symbol(d, host) for d, host in deceptions.items())
        return Findings(symbols, passed=("OK",))

    async def probe(self) -> None:
        pass


def build(_settings: LinksSettings, ground: Ground) -> LinksScanner:
    return LinksScanner(ground.offload)


def look(content: Octets) -> dict[Deception, str]:
    """What its links hide, with a host for each."""
    return find_deceptions(mime.read_shared(content, _is_text))


def _is_text(media: Media) -> bool:
    return media.type.startswith(("text/", "message/"))


def _symbol(deception: Deception, host: str) -> Symbol:
    name = f"LINKS_{deception.name}"
    return Symbol(name, SCORES[deception], None, (host,), deception.value)
