"""Vipul's Razor: whether others have reported this message, asked by `razor-check`."""

from collections.abc import Mapping

from attrs import field, frozen

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.scanners.ground import Ground
from sc.scanners.interface import Interface, ScannerError
from sc.scanners.settings import Enabled, is_score
from sc.scanners.spawned import (
    SpawnedSettings,
    Spawner,
    is_folder,
    is_program,
    spawner,
)

NAME = "razor"

LISTED, UNLISTED = 0, 1
"""razor-check(1); anything else is an error."""


@frozen(kw_only=True)
class RazorSettings(SpawnedSettings):
    """
    Razor, whose servers learn signatures of each message; needs the network.

    @ivar program: its name, or its absolute path.
    @ivar home: where it finds its configuration and keeps what it knows of its
        servers, which the daemon's user must be able to write; made by
        `razor-admin -home=FOLDER -create`.
    @ivar score: of what others have reported.
    """

    enabled: Enabled = Enabled.FALSE
    program: str = field(default="razor-check", validator=is_program)
    home: str = field(default="/var/lib/sc/razor", validator=is_folder)
    score: float = field(default=2.5, validator=is_score)


@frozen
class RazorScanner:
    _settings: RazorSettings
    _spawner: Spawner

    name = NAME
    needs = ()
    interface = Interface.CLI

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        code = (await self._spawner.run(message)).code
        if code == UNLISTED:
            return Findings(passed=("not reported",))
        if code != LISTED:
            text = f"exit code {code}: no answer of its servers, or no `home`"
            raise ScannerError(text)
        text = "others have reported it"
        symbol = Symbol("RAZOR_LISTED", self._settings.score, description=text)
        return Findings((symbol,), flagged=("reported",))

    async def probe(self) -> None:
        """Whether the program is there: its servers are asked about mail only."""
        self._spawner.check()


def build(settings: RazorSettings, ground: Ground) -> RazorScanner:
    argv = [settings.program, f"-home={settings.home}"]
    return RazorScanner(settings, spawner(NAME, argv, settings, ground))
