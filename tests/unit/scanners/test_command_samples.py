"""etc/commands: each sample reads what its vendor documents, from a stand-in.

None of these programs can be installed here. A script stands in their place that
takes the sample's arguments and prints and ends as the vendor's manual, amavisd's and
MIMEDefang's configuration, or IRMA's probes have it.
"""

from pathlib import Path

import pytest
from attrs import evolve, frozen

from sc.config.load import Source
from sc.config.schema import load
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.verdict import names_virus
from sc.scanners.command import CommandScanner, build
from sc.scanners.interface import MessageRefusedError
from tests.fakes.programs import processes, script

SAMPLES = Path(__file__).resolve().parent.parent.parent.parent / "etc/commands"
MESSAGE = Message("m1", Envelope(), b"Subject: x\r\n\r\nhello\r\n")


@frozen
class Vendor:
    """
    What a program prints; `%` stands for the file's path.

    @ivar clean: and infected: exit code and output.
    @ivar found: what an infected message is said to hold.
    @ivar failed: exit codes of which none is clean.
    """

    clean: tuple[int, str]
    infected: tuple[int, str]
    found: tuple[str, ...]
    failed: tuple[int, ...] = (1, 2)


VENDORS = {
    "avg": Vendor(
        (0, "AVG command line Anti-Virus scanner\n\nFiles scanned     :  1(1)"),
        (5, "%  Virus identified EICAR_Test\n\nInfections found  :  1(1)"),
        ("EICAR_Test",),
        (1, 2, 3, 10),
    ),
    "bitdefender": Vendor(
        (0, "Results:\nFiles :1\nInfected files :0"),
        (1, "%  infected: EICAR-Test-File (not a virus)\x1b[0m\nInfected files :1"),
        ("EICAR-Test-File (not a virus)",),
        (2, 254),
    ),
    "clamscan": Vendor(
        (0, "%: OK"), (1, "%: Eicar-Signature FOUND"), ("Eicar-Signature",), (2, 40)
    ),
    "comodo": Vendor(
        (0, "-----== Scan Start ==-----\n% ---> Not Virus\nNumber of Found Viruses: 0"),
        (0, "% ---> Found Virus, Malware Name is Eicar\nNumber of Found Viruses: 1"),
        ("Eicar",),
        (0, 1, 255),
    ),
    "eset": Vendor(
        (0, 'name="%", threat="", action="", info=""'),
        (50, 'name="%", threat="Eicar test file", action="retained", info=""'),
        ("Eicar test file",),
        (100, 101),
    ),
    "f-prot": Vendor(
        (0, "Results:\n\nFiles: 1\nInfected objects: 0"),
        (1, "[Found virus] <EICAR_Test_File (exact)> \t%"),
        ("EICAR_Test_File",),
        (4, 16, 32, 128),
    ),
    "f-secure": Vendor(
        (0, "1 file scanned"),
        (3, "%: Infected: EICAR_Test_File [AVP]"),
        ("EICAR_Test_File [AVP]",),
        (1, 2, 5, 7, 9, 130),
    ),
    "kaspersky": Vendor(
        (0, "% OK"),
        (25, "% INFECTED EICAR-Test-File"),
        ("EICAR-Test-File",),
        (15, 30, 65),
    ),
    "sophos": Vendor(
        (0, ""),
        (3, ">>> Virus 'EICAR-AV-Test' found in file %"),
        ("EICAR-AV-Test",),
        (1, 2, 8),
    ),
}
SPAM = {"message-sniffer": (0, 60), "avg": (0, 4), "f-prot": (8, 2)}
"""Exit codes without and with what is no virus."""


def stand_in(
    folder: Path, name: str, code: int, text: str
) -> tuple[CommandScanner, Path]:
    """The sample's scanner, with a script in its program's place."""
    sample = SAMPLES / f"{name}.yaml"
    settings = load(Source(sample.name, sample)).scanners.commands[name]
    assert [word for word in settings.argv[1:] if "{file}" in word] == ["{file}"]
    seen = folder / "seen"
    printed = "\n".join(f"echo '{t}'" for t in _quoted(text).split("\n"))
    path = script(
        folder,
        f"printf '%s\\n' \"$@\" > {seen}\n"
        'for file do :; done\ncat "$file" > /dev/null || exit 99\n'
        f"{printed}\nexit {code}",
    )
    own = evolve(settings, argv=(str(path), *settings.argv[1:]), timeout=60.0)
    return build(name, own, processes(folder)), seen


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''").replace("%", "'\"$file\"'")


def test_every_sample_is_tested() -> None:
    """No sample without what its program prints."""
    samples = {path.stem for path in SAMPLES.glob("*.yaml")}
    assert samples == VENDORS.keys() | SPAM.keys()


@pytest.mark.parametrize("name", VENDORS)
async def test_infected(name: str, tmp_path: Path) -> None:
    """A virus is one, with the name that the vendor gives it."""
    vendor = VENDORS[name]
    scanner, seen = stand_in(tmp_path, name, *vendor.infected)
    findings = await scanner.scan(MESSAGE, {})
    assert findings.flagged == vendor.found
    assert names_virus(findings.symbols[0].name)
    assert seen.read_text().endswith("/message\n")


@pytest.mark.parametrize("name", VENDORS)
async def test_clean(name: str, tmp_path: Path) -> None:
    """A clean message is clean."""
    scanner, _ = stand_in(tmp_path, name, *VENDORS[name].clean)
    findings = await scanner.scan(MESSAGE, {})
    assert (findings.symbols, findings.passed) == ((), ("OK",))


@pytest.mark.parametrize(
    ("name", "code"), [(n, code) for n, v in VENDORS.items() for code in v.failed]
)
async def test_failed(name: str, code: int, tmp_path: Path) -> None:
    """A licence that ran out, missing signatures, a wrong option: never clean."""
    scanner, _ = stand_in(tmp_path, name, code, "cannot scan %")
    with pytest.raises(MessageRefusedError, match=f"exit code {code}"):
        await scanner.scan(MESSAGE, {})


@pytest.mark.parametrize("name", SPAM)
async def test_spam(name: str, tmp_path: Path) -> None:
    """What is unwanted, and no virus, has a score."""
    clean, spam = SPAM[name]
    scanner, _ = stand_in(tmp_path, name, clean, "")
    assert (await scanner.scan(MESSAGE, {})).passed == ("OK",)
    scanner, _ = stand_in(tmp_path, name, spam, "")
    [symbol] = (await scanner.scan(MESSAGE, {})).symbols
    assert symbol.name.endswith("_SPAM")
    assert symbol.score > 0
