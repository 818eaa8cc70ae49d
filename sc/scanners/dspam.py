"""DSPAM: a statistical filter, asked by `dspam --classify`, which learns nothing."""

import re
from collections.abc import Mapping
from typing import Any

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
    is_program,
    raw,
    spawner,
)

NAME = "dspam"

# X-DSPAM-Result: joe; result="Spam"; class="Spam"; probability=1.0000;
# confidence=0.80; signature=N/A
# Nothing else may stand there: a message that is given back could hold one, too.
_ANSWER = re.compile(
    r'X-DSPAM-Result: [^;\r\n]{1,256}; result="(\w{1,32})";(?: class="(\w{1,32})";)?'
    r" probability=(\d\.\d{1,8}); confidence=(\d\.\d{1,8})[^\r\n]{0,256}",
    re.ASCII,
)
_WORDS = {
    "Spam": "SPAM",
    "Blacklisted": "SPAM",
    "Blocklisted": "SPAM",
    "Virus": "VIRUS",
    "Innocent": "HAM",
    "Whitelisted": "HAM",
}


_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+=-]{0,127}")


def _user(_instance: object, _attribute: Any, value: str) -> None:
    if not _USER.fullmatch(value):
        raise ValueError("must be at most 128 letters, digits or any of . _ @ + = -")


@frozen(kw_only=True)
class DSPAMSettings(SpawnedSettings):
    """
    DSPAM, started for each message.

    @ivar program: `dspam`, or `dspamc` where its daemon runs; or an absolute path.
    @ivar user: whose statistics count.
    @ivar spam_score: of what it calls spam.
    @ivar ham_score: of what it calls innocent.
    """

    enabled: Enabled = Enabled.FALSE
    program: str = field(default=NAME, validator=is_program)
    user: str = field(default="global", validator=_user)
    spam_score: float = field(default=4.0, validator=is_score)
    ham_score: float = field(default=-1.0, validator=is_score)


@frozen
class DSPAMScanner:
    _settings: DSPAMSettings
    _spawner: Spawner

    name = NAME
    needs = ()
    interface = Interface.CLI

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        printed = await self._spawner.run(message)
        word, probability, confidence = read(printed)
        scores = {"SPAM": self._settings.spam_score, "HAM": self._settings.ham_score}
        options = (f"probability={probability}", f"confidence={confidence}")
        symbol = Symbol(f"DSPAM_{word}", scores.get(word, 0.0), None, options)
        bad = word != "HAM"
        return Findings(
            (symbol,),
            flagged=(probability,) if bad else (),
            passed=() if bad else ("ham",),
            raw=raw(printed),
        )

    async def probe(self) -> None:
        """Whether it classifies for this user."""
        self._spawner.check()
        await self.scan(self_test.clean(), {})


def build(settings: DSPAMSettings, ground: Ground) -> DSPAMScanner:
    argv = [settings.program, "--classify", "--stdout", "--user", settings.user]
    return DSPAMScanner(settings, spawner(NAME, argv, settings, ground))


def read(printed: Printed) -> tuple[str, str, str]:
    """
    SPAM, VIRUS or HAM; probability; confidence.

    @raise ScannerError: it says neither.
    """
    match = _ANSWER.fullmatch(printed.out.strip())
    if printed.code or match is None:
        raise ScannerError(f"exit code {printed.code}, and no X-DSPAM-Result is right")
    # A class says more: a list of the user's may overrule his statistics.
    word = _WORDS.get(match[2]) or _WORDS.get(match[1])
    if word is None:
        raise ScannerError("it tells a result that DSPAM does not have")
    return word, match[3], match[4]
