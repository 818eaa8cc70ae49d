"""sc.scanners.command: any program as a scanner."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Symbol
from sc.scanners.command import CommandScanner, CommandSettings, build
from sc.scanners.command_output import LinePattern, Meaning
from sc.scanners.interface import (
    Interface,
    MessageRefusedError,
    NotScannedError,
    ScannerError,
)
from tests.fakes.programs import processes, script

MESSAGE = Message("m1", Envelope(), b"Subject: x\r\n\r\nhello\r\n")
CODES = {
    "0": Meaning.CLEAN,
    "1": Meaning.VIRUS,
    "2": Meaning.SPAM,
    "3": Meaning.SKIP,
    "4": Meaning.ERROR,
    "5": Meaning.OUTPUT,
}
PATTERNS = (
    LinePattern(regex="found (.*)", means=Meaning.VIRUS),
    LinePattern(regex="because of (.*)", means=Meaning.SPAM),
    LinePattern(regex="^macro", symbol="MACRO", score=1.5),
)
Make = Callable[..., CommandScanner]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A scanner whose program is this shell script."""

    def made(text: str, **settings: Any) -> CommandScanner:
        path = script(tmp_path, text)
        given = CommandSettings(
            argv=(str(path), "{file}"),
            exit_codes=CODES,
            patterns=PATTERNS,
            timeout=60.0,
        )
        return build("f-prot", evolve(given, **settings), processes(tmp_path))

    return made


async def test_clean(make: Make) -> None:
    """Nothing is stated; the operator can read what it printed, without our paths."""
    scanner = make('echo "$1: fine and/or good, by /opt/scan/db.1"')
    assert (scanner.name, scanner.interface) == ("f-prot", Interface.CLI)
    findings = await scanner.scan(MESSAGE, {})
    assert (findings.symbols, findings.passed) == ((), ("OK",))
    assert findings.raw == ("exit code 0\nmessage: fine and/or good, by (path)")


async def test_virus(make: Make) -> None:
    """A virus is a symbol that policy rejects, with the names that were printed."""
    findings = await make("echo found A; echo found B >&2; echo macro; exit 1").scan(
        MESSAGE, {}
    )
    assert findings.symbols == (
        Symbol("F_PROT_VIRUS", 0.0, None, ("A", "B"), "a virus was found"),
        Symbol("F_PROT_MACRO", 1.5),
    )
    assert findings.flagged == ("A", "B")


async def test_virus_without_a_name(make: Make) -> None:
    """The exit code alone suffices."""
    findings = await make("exit 1").scan(MESSAGE, {})
    assert findings.flagged == ("virus",)


async def test_spam(make: Make) -> None:
    """Spam has the score that the operator gives it."""
    findings = await make("exit 2", spam_score=4.0).scan(MESSAGE, {})
    assert findings.symbols == (Symbol("F_PROT_SPAM", 4.0, None, (), "it says spam"),)
    assert findings.flagged == ("spam",)
    findings = await make("echo because of links; exit 5").scan(MESSAGE, {})
    assert findings.symbols[0].options == findings.flagged == ("links",)


async def test_skip(make: Make) -> None:
    """What it does not want to scan is skipped."""
    with pytest.raises(NotScannedError, match="exit code 3"):
        await make("exit 3").scan(MESSAGE, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 4", "exit code 4: it could not"),
        ("exit 77", "exit code 77: it could not"),
        ("exit 5", "exit code 5, and no line"),
        ("kill -ABRT $$", "ended by signal 6"),
    ],
)
async def test_error(make: Make, text: str, why: str) -> None:
    """It concerns this message only, and is never clean."""
    with pytest.raises(MessageRefusedError, match=why):
        await make(text).scan(MESSAGE, {})


async def test_too_large(make: Make) -> None:
    """A larger message is skipped, and a symbol says so."""
    with pytest.raises(NotScannedError, match="larger than 5 octets") as raised:
        await make("", max_octets=5).scan(MESSAGE, {})
    assert raised.value.symbol == Symbol("F_PROT_TOO_LARGE", description="not scanned")


async def test_probe(make: Make, tmp_path: Path) -> None:
    """A probe asks whether the program is there, and runs nothing."""
    scanner = make("touch $TMPDIR/../../ran")
    await scanner.probe()
    assert not (tmp_path / "ran").exists()
    (tmp_path / "program").unlink()
    with pytest.raises(ScannerError, match="program is not installed"):
        await scanner.probe()
    with pytest.raises(ScannerError, match="program is not installed") as raised:
        await scanner.scan(MESSAGE, {})
    assert not isinstance(raised.value, MessageRefusedError)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 0", "does not know EICAR"),
        ("exit 1", "finds bad what is clean"),
        ("exit 4", "exit code 4"),
        ("exit 3", "its self-test was skipped"),
    ],
)
async def test_self_test_fails(make: Make, text: str, why: str) -> None:
    """A scanner that finds nothing, or everything, is down."""
    with pytest.raises(ScannerError, match=why):
        await make(text, self_test=True).probe()


async def test_self_test(make: Make) -> None:
    """EICAR is found; one that never tells viruses is not asked for it."""
    # The begin of EICAR's file in Base64.
    await make("grep -q WDVPIVAl $1 && exit 1; exit 0", self_test=True).probe()
    no_viruses = {"0": Meaning.CLEAN, "2": Meaning.SPAM}
    await make("exit 0", exit_codes=no_viruses, patterns=(), self_test=True).probe()


@pytest.mark.parametrize(
    "argv", [(), ("",), ("bin/scan",), ("a", "b\0"), ("a",) * 65, ("a", "b" * 4097)]
)
def test_impossible_argv(argv: tuple[str, ...]) -> None:
    """What no kernel starts, or what depends on a working directory."""
    with pytest.raises(ValueError, match="must"):
        CommandSettings(argv=argv, exit_codes=CODES)
