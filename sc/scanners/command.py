"""Any program that looks at a message and ends with an exit code."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from sc.model.message import Message
from sc.model.verdict import Findings, ScannerResult, Symbol
from sc.offload import Offload
from sc.scanners import self_test
from sc.scanners.command_output import (
    LinePattern,
    Meaning,
    OutputReader,
    Reading,
    are_codes,
)
from sc.scanners.ground import Ground
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from sc.scanners.naming import symbol_prefix
from sc.scanners.settings import is_score
from sc.scanners.spawned import (
    SpawnedSettings,
    Spawner,
    is_program,
    raw,
    spawner,
)


def _argv(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError("must name a program")
    if len(value) == 1 and " " in value[0]:  # As a shell would take it apart.
        raise ValueError("must be a list: the program, then each of its arguments")
    is_program(_instance, _attribute, value[0])
    if len(value) > 64 or any("\0" in word or len(word) > 4096 for word in value):
        raise ValueError("must be at most 64 words of at most 4096 characters")


@frozen(kw_only=True)
class CommandSettings(SpawnedSettings):
    """
    A scanner of that name: a program, started for each message without a shell.

    @ivar argv: the program, by its absolute path or its bare name, and its arguments,
        each of its own; within one, `{file}` is the path of the message, else the
        program reads it from stdin.
    @ivar exit_codes: what each means: `virus`, `spam`, `clean`, `error`, `skip`, or
        `output`: what it prints tells; `3,5-7` are four. Any other is an error.
    @ivar patterns: what the lines that it prints mean; needs
        `pip install 'sc[command]'`.
    @ivar spam_score: of the symbol that says spam.
    @ivar self_test: each probe scans a clean message, and EICAR if viruses can be told,
        within `health.probe_timeout`.
    """

    argv: tuple[str, ...] = field(validator=_argv)
    exit_codes: dict[str, Meaning] = field(validator=are_codes)
    patterns: tuple[LinePattern, ...] = ()
    spam_score: float = field(default=6.0, validator=is_score)
    self_test: bool = False


@frozen
class CommandScanner:
    name: str
    _settings: CommandSettings
    _spawner: Spawner
    _reader: OutputReader
    _offload: Offload

    needs = ()
    interface = Interface.CLI

    async def scan(
        self, message: Message, found: Mapping[str, ScannerResult]
    ) -> Findings:
        printed = await self._spawner.run(message)
        text = f"{printed.out}\n{printed.err}"
        size = len(text) * len(self._settings.patterns)
        reading = await self._offload(size, self._reader.read, printed.code, text)
        self._raise(reading, printed.code)
        prefix = symbol_prefix(self.name)
        return _findings(prefix, reading, self._settings, raw(printed))

    async def probe(self) -> None:
        self._spawner.check()
        if not self._settings.self_test:
            return
        try:
            await self._test()
        except NotScannedError as e:
            raise ScannerError(f"its self-test was skipped: {e}") from e

    async def _test(self) -> None:
        if (await self.scan(self_test.clean(), {})).flagged:
            raise ScannerError("its self-test failed: it finds bad what is clean")
        if Meaning.VIRUS in self._reader.possible:
            findings = await self.scan(self_test.infected(), {})
            if not any(s.name.endswith("_VIRUS") for s in findings.symbols):
                raise ScannerError("its self-test failed: it does not know EICAR")

    def _raise(self, reading: Reading, code: int) -> None:
        """What is no finding."""
        if reading.meaning is Meaning.SKIP:
            raise NotScannedError(f"it scans no such messages (exit code {code})")
        if reading.meaning is Meaning.ERROR:
            raise MessageRefusedError(f"exit code {code}: it could not scan it")
        if reading.meaning is Meaning.OUTPUT:
            raise MessageRefusedError(f"exit code {code}, and no line tells a result")


def build(name: str, settings: CommandSettings, ground: Ground) -> CommandScanner:
    reader = OutputReader.by(settings.exit_codes, settings.patterns)
    program = spawner(name, settings.argv, settings, ground)
    return CommandScanner(name, settings, program, reader, ground.offload)


def _findings(
    prefix: str, reading: Reading, settings: CommandSettings, told: str
) -> Findings:
    symbols = [
        Symbol(f"{prefix}_{pattern.symbol}", pattern.score, None, found)
        for pattern, found in reading.by_pattern.items()
        if pattern.symbol
    ]
    names = reading.names
    if reading.meaning is Meaning.VIRUS:
        text = "a virus was found"
        symbols.insert(0, Symbol(f"{prefix}_VIRUS", options=names, description=text))
        return Findings(tuple(symbols), flagged=names or ("virus",), raw=told)
    if reading.meaning is Meaning.SPAM:
        spam = Symbol(
            f"{prefix}_SPAM", settings.spam_score, None, names, "it says spam"
        )
        symbols.insert(0, spam)
        return Findings(tuple(symbols), flagged=names or ("spam",), raw=told)
    return Findings(tuple(symbols), passed=("OK",), raw=told)
