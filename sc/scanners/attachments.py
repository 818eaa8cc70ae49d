"""Attached files: those that run when they are opened, and those that pretend."""

from collections.abc import Mapping

from attrs import frozen

from sc.content.attachments import Risk, files, find_risks
from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface
from sc.scanners.settings import Enabled, ScannerSettings

NAME = "attachments"

SCORES = {
    Risk.DANGEROUS: 2.5,
    Risk.DANGEROUS_ARCHIVED: 1.5,
    Risk.DISGUISED: 3.0,
    Risk.DOUBLE_EXTENSION: 3.0,
    Risk.TURNED_NAME: 3.0,
    Risk.OTHER_TYPE: 0.5,
    Risk.ENCRYPTED: 0.5,
    Risk.NESTED: 0.5,
    Risk.MACROS: 1.0,
    Risk.BOMB: 3.0,
    Risk.UNREAD: 0.0,
}
"""None is spam alone; docs/scanners/attachments.md has how often each is met."""

EFFORT = 32
"""What an attached octet may cost, against those that `Offload` counts: a packed one
may be a thousand."""


@frozen(kw_only=True)
class AttachmentsSettings(ScannerSettings):
    """Attached files that run or hide what they are; needs no server."""

    enabled: Enabled = Enabled.TRUE


@frozen
class AttachmentsScanner:
    """Built in; always up."""

    _offload: Offload

    name = NAME
    needs = ()
    interface = Interface.BUILTIN

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        content = message.content
        carried = await self._offload(len(content), files, content)
        size = sum(len(part.payload) for part in carried)
        risks = await self._offload(EFFORT * size, find_risks, carried)
        symbols = tuple(_symbol(risk, name) for risk, name in risks.items())
        return Findings(symbols, passed=("OK",))

    async def probe(self) -> None:
        pass


def build(_settings: AttachmentsSettings, ground: Ground) -> AttachmentsScanner:
    return AttachmentsScanner(ground.offload)


def _symbol(risk: Risk, name: str) -> Symbol:
    options = (name,) if name else ()
    return Symbol(f"ATTACHMENTS_{risk.name}", SCORES[risk], None, options, risk.value)
