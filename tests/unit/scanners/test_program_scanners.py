"""sc.scanners.bogofilter, .dspam, .razor, .pyzor: what each program's answers mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import Symbol
from sc.programs.program import Printed
from sc.scanners import bogofilter, dspam, pyzor, razor
from sc.scanners.bogofilter import BogofilterSettings
from sc.scanners.dspam import DSPAMSettings
from sc.scanners.interface import Interface, NotScannedError, Scanner, ScannerError
from sc.scanners.pyzor import PyzorSettings
from sc.scanners.razor import RazorSettings
from sc.scanners.settings import Enabled
from tests.fakes.faults import Fault
from tests.fakes.programs import answering, failing, let_go, processes, script

MESSAGE = Message("m1", Envelope(), b"Subject: x\r\n\r\nhello\r\n")
DSPAM_SPAM = (
    'X-DSPAM-Result: joe; result="Spam"; class="Spam"; probability=1.0000;'
    " confidence=0.80; signature=N/A\n"
)
PYZOR_OK = "127.0.0.1:24441\t(200, '\\''OK'\\'')\t{}\t{}\n"
"""Quoted for a shell."""


@frozen
class Peer:
    """@ivar answer: what says spam, and the exit code with it."""

    settings: Any
    build: Callable[..., Scanner]
    answer: tuple[str, int]

    def scanner(self, program: Path, folder: Path, **more: Any) -> Scanner:
        own = evolve(self.settings, program=str(program), **{"timeout": 60.0, **more})
        return self.build(own, processes(folder))


PEERS = {
    "bogofilter": Peer(BogofilterSettings(), bogofilter.build, ("S 0.98\n", 0)),
    "dspam": Peer(DSPAMSettings(), dspam.build, (DSPAM_SPAM, 0)),
    "razor": Peer(RazorSettings(), razor.build, ("", 0)),
    "pyzor": Peer(PyzorSettings(), pyzor.build, (PYZOR_OK.format(7, 0), 0)),
}
EACH = pytest.mark.parametrize("name", PEERS)


@EACH
async def test_spam(name: str, tmp_path: Path) -> None:
    """What the program calls spam is flagged; off unless the operator wants it."""
    peer = PEERS[name]
    scanner = peer.scanner(answering(tmp_path, *peer.answer), tmp_path)
    assert (scanner.name, scanner.interface) == (name, Interface.CLI)
    assert peer.settings.enabled is Enabled.FALSE
    await scanner.probe()
    findings = await scanner.scan(MESSAGE, {})
    [symbol] = findings.symbols
    assert symbol.name.startswith(f"{name.upper()}_")
    assert symbol.score > 0
    assert findings.flagged


@EACH
@pytest.mark.parametrize("fault", Fault)
async def test_faults(name: str, fault: Fault, tmp_path: Path) -> None:
    """A failing program is an error with a sentence; the next message is scanned."""
    peer = PEERS[name]
    hangs = fault in (Fault.HANG, Fault.DRIP)
    program = failing(tmp_path, fault, *peer.answer)
    scanner = peer.scanner(
        program, tmp_path, timeout=1.0 if hangs else 60.0, concurrency=1
    )
    with pytest.raises(ScannerError) as raised:
        await scanner.scan(MESSAGE, {})
    await let_go()
    assert " " in str(raised.value)
    assert "/" not in str(raised.value)
    assert fault is Fault.REFUSE or not [*(tmp_path / "scratch").iterdir()]
    if not hangs:  # Then it has a second only, which a busy machine may need.
        answering(tmp_path, *peer.answer)
        assert (await scanner.scan(MESSAGE, {})).flagged


@EACH
async def test_too_large(name: str, tmp_path: Path) -> None:
    """A larger message is skipped, and a symbol says so."""
    scanner = PEERS[name].scanner(script(tmp_path, ""), tmp_path, max_octets=5)
    with pytest.raises(NotScannedError) as raised:
        await scanner.scan(MESSAGE, {})
    assert raised.value.symbol is not None
    assert raised.value.symbol.name == f"{name.upper()}_TOO_LARGE"


@EACH
async def test_probe(name: str, tmp_path: Path) -> None:
    """Without its program it is not here."""
    scanner = PEERS[name].scanner(tmp_path / "none", tmp_path)
    with pytest.raises(ScannerError, match="none is not installed"):
        await scanner.probe()


@pytest.mark.parametrize(
    ("out", "code", "expected"),
    [
        ("S 1\n", 0, Symbol("BOGOFILTER_SPAM", 4.0, None, ("1.0000",), "by its words")),
        (
            "U 0.52\n",
            2,
            Symbol("BOGOFILTER_UNSURE", 0, None, ("0.5200",), "by its words"),
        ),
        ("H 2e-06", 1, Symbol("BOGOFILTER_HAM", -1, None, ("0.0000",), "by its words")),
    ],
)
async def test_bogofilter(
    out: str, code: int, expected: Symbol, tmp_path: Path
) -> None:
    """Each class has its score."""
    program = answering(tmp_path, out, code)
    scanner = PEERS["bogofilter"].scanner(program, tmp_path)
    assert (await scanner.scan(MESSAGE, {})).symbols == (expected,)


@pytest.mark.parametrize(
    ("out", "code", "why"),
    [
        ("", 3, "no word list"),
        ("S 0.9", 1, "without an answer that fits"),
        ("X 0.9", 0, "without an answer"),
        ("S nan", 0, "without an answer"),
        ("S 0.9\nH 0.1\n", 0, "without an answer"),
    ],
)
def test_bogofilter_fails(out: str, code: int, why: str) -> None:
    """What does not fit is an error, never ham."""
    with pytest.raises(ScannerError, match=why):
        bogofilter.read(Printed(code, out, ""))


@pytest.mark.parametrize(
    ("result", "cls", "word"),
    [
        ("Spam", "Spam", "SPAM"),
        ("Spam", "Blacklisted", "SPAM"),
        ("Innocent", "Innocent", "HAM"),
        ("Innocent", "Whitelisted", "HAM"),
        ("Spam", "Virus", "VIRUS"),
        ("Innocent", "Strange", "HAM"),
    ],
)
def test_dspam(result: str, cls: str, word: str) -> None:
    """The class counts before the result."""
    out = DSPAM_SPAM.replace('result="Spam"', f'result="{result}"')
    out = out.replace('class="Spam"', f'class="{cls}"')
    assert dspam.read(Printed(0, out, "")) == (word, "1.0000", "0.80")


def test_dspam_of_old() -> None:
    """Versions before 3.8 tell no class."""
    out = DSPAM_SPAM.replace(' class="Spam";', "")
    assert dspam.read(Printed(0, out, "")) == ("SPAM", "1.0000", "0.80")


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("", 0),
        (DSPAM_SPAM, 251),
        (DSPAM_SPAM.replace("Spam", "Odd"), 0),
        (DSPAM_SPAM.replace("1.0000", "much"), 0),
        ("Subject: x\n" + DSPAM_SPAM, 0),
    ],
)
def test_dspam_fails(out: str, code: int) -> None:
    """What does not fit is an error, never ham."""
    with pytest.raises(ScannerError):
        dspam.read(Printed(code, out, ""))


async def test_dspam_ham(tmp_path: Path) -> None:
    """What is innocent speaks for the message."""
    program = answering(tmp_path, DSPAM_SPAM.replace("Spam", "Innocent"), 0)
    findings = await PEERS["dspam"].scanner(program, tmp_path).scan(MESSAGE, {})
    told = ("probability=1.0000", "confidence=0.80")
    assert findings.symbols == (Symbol("DSPAM_HAM", -1.0, None, told),)
    assert (findings.flagged, findings.passed) == ((), ("ham",))


async def test_razor(tmp_path: Path) -> None:
    """What nobody has reported states nothing; errors are not that."""
    scanner = PEERS["razor"].scanner(script(tmp_path, "exit 1"), tmp_path)
    assert (await scanner.scan(MESSAGE, {})).passed == ("not reported",)
    script(tmp_path, "exit 2")
    with pytest.raises(ScannerError, match="no answer of its servers"):
        await scanner.scan(MESSAGE, {})


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("a:1\t(200, 'OK')\t7\t0\n", (7, 0)),
        ("a:1\t(200, 'OK')\t7\t0\nb:1\t(200, 'OK')\t2\t1\n", (7, 1)),
        ("a:1\t(504, 'Reading timed-out')\nb:1\t(200, 'OK')\t2\t0\n", (2, 0)),
    ],
)
def test_pyzor(out: str, expected: tuple[int, int]) -> None:
    """One server that answers suffices; the most that one knows counts."""
    assert pyzor.read(Printed(1, out, "")) == expected


@pytest.mark.parametrize(("reports", "objections"), [(4, 0), (99, 1)])
async def test_pyzor_unlisted(reports: int, objections: int, tmp_path: Path) -> None:
    """Few reports, or somebody's objection, are no spam."""
    program = answering(tmp_path, PYZOR_OK.format(reports, objections), 0)
    findings = await PEERS["pyzor"].scanner(program, tmp_path).scan(MESSAGE, {})
    assert (findings.symbols, findings.passed) == ((), (f"{reports} reports",))


@pytest.mark.parametrize(
    "out",
    ["", "a:1\t(504, 'Reading response timed-out.')\n", "a:1\t(200, 'OK')\t7\n"],
)
def test_pyzor_fails(out: str) -> None:
    """pyzor ends with 1 for ham and for errors: only a server's numbers count."""
    with pytest.raises(ScannerError, match="none of its servers"):
        pyzor.read(Printed(1, out, ""))
