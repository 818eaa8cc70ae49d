"""bogofilter: a Bayesian filter with a word list of its own; it only reads it."""

import re
from collections.abc import Mapping

from attrs import field, frozen

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.programs.program import Printed
from sc.scanners import self_test
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

NAME = "bogofilter"

# bogofilter(1), -T: the class, and the spamicity from 0 to 1.
_ANSWER = re.compile(r"([SHU]) (\d(?:\.\d{1,8})?(?:e-\d{1,3})?)\s*", re.ASCII)
_CODES = {"S": 0, "H": 1, "U": 2}
_WORDS = {"S": "SPAM", "H": "HAM", "U": "UNSURE"}


@frozen(kw_only=True)
class BogofilterSettings(SpawnedSettings):
    """
    bogofilter, started for each message; it needs a word list that somebody trains.

    @ivar program: its name, or its absolute path.
    @ivar directory: that holds its `wordlist.db`.
    @ivar spam_score: of what it calls spam.
    @ivar unsure_score: of what it cannot tell.
    @ivar ham_score: of what it calls ham.
    """

    enabled: Enabled = Enabled.FALSE
    program: str = field(default=NAME, validator=is_program)
    directory: str = field(default="/var/lib/bogofilter", validator=is_folder)
    spam_score: float = field(default=4.0, validator=is_score)
    unsure_score: float = field(default=0.0, validator=is_score)
    ham_score: float = field(default=-1.0, validator=is_score)


@frozen
class BogofilterScanner:
    _settings: BogofilterSettings
    _spawner: Spawner

    name = NAME
    needs = ()
    interface = Interface.CLI

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        letter, spamicity = read(await self._spawner.run(message))
        settings = self._settings
        score = {
            "S": settings.spam_score,
            "U": settings.unsure_score,
            "H": settings.ham_score,
        }[letter]
        word, shown = _WORDS[letter], f"{spamicity:.4f}"
        symbol = Symbol(f"BOGOFILTER_{word}", score, None, (shown,), "by its words")
        bad = letter == "S"
        return Findings(
            (symbol,), (shown,) if bad else (), () if bad else (word.lower(),)
        )

    async def probe(self) -> None:
        """Whether it has a word list that it can read."""
        self._spawner.check()
        await self.scan(self_test.clean(), {})


def build(settings: BogofilterSettings, ground: Ground) -> BogofilterScanner:
    # -C: no configuration of a user; -T: terse; without -u it registers nothing.
    argv = [settings.program, "-C", "-T", "-d", settings.directory]
    return BogofilterScanner(settings, spawner(NAME, argv, settings, ground))


def read(printed: Printed) -> tuple[str, float]:
    """
    S, H or U, and the spamicity.

    @raise ScannerError: it says neither, or its exit code says something else.
    """
    match = _ANSWER.fullmatch(printed.out)
    if match is not None and _CODES[match[1]] == printed.code:
        return match[1], float(match[2])
    if printed.code == 3:
        raise ScannerError("exit code 3: it has no word list that it can read")
    raise ScannerError(f"exit code {printed.code} without an answer that fits")
