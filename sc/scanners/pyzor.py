"""Pyzor: how often others have reported this message, asked by `pyzor check`."""

import re
from collections.abc import Mapping

from attrs import field, frozen, validators

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.programs.program import Printed
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, ScannerError
from sc.scanners.settings import Enabled, is_score
from sc.scanners.spawned import (
    SpawnedSettings,
    Spawner,
    is_folder,
    is_program,
    raw,
    spawner,
)

NAME = "pyzor"

# public.pyzor.org:24441\t(200, 'OK')\t7\t0: reports, then objections. A server that
# fails has another code and no numbers. The exit code tells errors and ham alike.
_ANSWER = re.compile(
    r"^[^\t\r\n]{1,300}\t\(200, 'OK'\)\t(\d{1,12})\t(\d{1,12})$", re.MULTILINE
)


@frozen(kw_only=True)
class PyzorSettings(SpawnedSettings):
    """
    Pyzor, whose servers learn a digest of each message; needs the network.

    @ivar program: its name, or its absolute path.
    @ivar home: where its `servers` and `accounts` stand; without them it asks
        public.pyzor.org.
    @ivar reports: as many must have come, and no objection.
    @ivar score: of what others have reported so often.
    """

    enabled: Enabled = Enabled.FALSE
    program: str = field(default=NAME, validator=is_program)
    home: str = field(default="/var/lib/sc/pyzor", validator=is_folder)
    reports: int = field(default=5, validator=validators.ge(1))
    score: float = field(default=2.0, validator=is_score)


@frozen
class PyzorScanner:
    _settings: PyzorSettings
    _spawner: Spawner

    name = NAME
    needs = ()
    interface = Interface.CLI

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        printed = await self._spawner.run(message)
        reports, objections = read(printed)
        shown = raw(printed)
        if reports < self._settings.reports or objections:
            return Findings(passed=(f"{reports} reports",), raw=shown)
        text = "others have reported it"
        told = (str(reports),)
        symbol = Symbol("PYZOR_LISTED", self._settings.score, None, told, text)
        return Findings((symbol,), flagged=told, raw=shown)

    async def probe(self) -> None:
        """Whether the program is there: its servers are asked about mail only."""
        self._spawner.check()


def build(settings: PyzorSettings, ground: Ground) -> PyzorScanner:
    argv = [settings.program, f"--homedir={settings.home}", "check"]
    return PyzorScanner(settings, spawner(NAME, argv, settings, ground))


def read(printed: Printed) -> tuple[int, int]:
    """
    Reports and objections, the most that a server knows of.

    @raise ScannerError: no server answered.
    """
    answers = [(int(m[1]), int(m[2])) for m in _ANSWER.finditer(printed.out)]
    if not answers:
        raise ScannerError("none of its servers answered")
    return max(a[0] for a in answers), max(a[1] for a in answers)
