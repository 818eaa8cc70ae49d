"""The real bogofilter, razor-check and pyzor with its own server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scanners import bogofilter, pyzor, razor
from sc.scanners.bogofilter import BogofilterSettings
from sc.scanners.interface import ScannerError
from sc.scanners.pyzor import PyzorSettings
from sc.scanners.razor import RazorSettings
from tests.fakes.programs import processes
from tests.integration.daemon import PATIENCE, free_port, pause
from tests.programs import program, run

pytestmark = pytest.mark.peer

SPAM = b"Subject: win\r\n\r\nbuy cheap pills now from our pharmacy\r\n"
HAM = b"Subject: meeting\r\n\r\nlet us meet tomorrow in the office for lunch\r\n"
ODD = b"Subject: qwertz\r\n\r\nzxcvb asdfg\r\n"


def mail(content: bytes) -> Message:
    return Message("m", Envelope(), content)


async def train(folder: Path) -> None:
    """A small word list."""
    for number in range(8):
        for flag, text in (("-s", SPAM), ("-n", HAM)):
            argv = [program("bogofilter"), flag, "-d", str(folder)]
            done = await run(argv, stdin=text + b"n%d\r\n" % number)
            assert done.code == 0, done.err


async def test_bogofilter(tmp_path: Path) -> None:
    """What it was taught it tells; it learns nothing from what it is asked."""
    await train(tmp_path)
    before = (tmp_path / "wordlist.db").read_bytes()
    own = BogofilterSettings(directory=str(tmp_path), timeout=PATIENCE)
    scanner = bogofilter.build(own, processes(tmp_path))
    await scanner.probe()
    names = []
    for content in (SPAM, HAM, ODD):
        [symbol] = (await scanner.scan(mail(content), {})).symbols
        names.append(symbol.name)
    assert names == ["BOGOFILTER_SPAM", "BOGOFILTER_HAM", "BOGOFILTER_UNSURE"]
    assert (tmp_path / "wordlist.db").read_bytes() == before


async def test_bogofilter_without_a_word_list(tmp_path: Path) -> None:
    """It is down, and says why."""
    program("bogofilter")
    own = BogofilterSettings(directory=str(tmp_path / "none"), timeout=PATIENCE)
    with pytest.raises(ScannerError, match="exit code 3: it has no word list"):
        await bogofilter.build(own, processes(tmp_path)).probe()


async def test_razor_without_its_servers(tmp_path: Path) -> None:
    """A network that is down is an error, never "not reported"."""
    program("razor-check")
    home = tmp_path / "home"
    home.mkdir()
    # Its discovery is this host, too: nothing leaves it.
    (home / "razor-agent.conf").write_text(
        "listfile_catalogue = c.lst\nlistfile_nomination = n.lst\n"
        "listfile_discovery = d.lst\nrazordiscovery = 127.0.0.1\nlogfile =\n"
    )
    for name in ("c.lst", "n.lst", "d.lst"):
        (home / name).write_text("127.0.0.1:1\n")
    own = RazorSettings(home=str(home), timeout=PATIENCE)
    scanner = razor.build(own, processes(tmp_path))
    await scanner.probe()
    with pytest.raises(ScannerError, match="exit code 2"):
        await scanner.scan(mail(SPAM), {})


@asynccontextmanager
async def pyzord(folder: Path) -> AsyncIterator[Path]:
    """A server that knows nothing yet; yields a home that names it alone."""
    server, home = folder / "server", folder / "home"
    server.mkdir()
    home.mkdir()
    port = free_port()
    (home / "servers").write_text(f"127.0.0.1:{port}\n")
    (home / "config").write_text("[client]\nTimeout = 30\n")
    argv = [
        *(program("pyzord"), f"--homedir={server}", "-a", "127.0.0.1"),
        *("-p", str(port), "-e", "gdbm", "--dsn", str(server / "db")),
    ]
    with Popen(argv, stdout=DEVNULL, stderr=DEVNULL) as process:
        try:
            waited = 0.0
            while await ask(home, "--timeout=2", "ping"):
                assert waited < PATIENCE, "pyzord does not answer"
                waited += 0.2
                await pause(0.2)
            yield home
        finally:
            process.kill()


async def ask(home: Path, *arguments: str) -> int:
    argv = [program("pyzor"), f"--homedir={home}", *arguments]
    return (await run(argv, stdin=SPAM, timeout=PATIENCE)).code


async def test_pyzor(tmp_path: Path) -> None:
    """Who has reported a message is counted; a server that is gone is an error."""
    async with pyzord(tmp_path) as home:
        own = PyzorSettings(home=str(home), reports=2, timeout=PATIENCE)
        scanner = pyzor.build(own, processes(tmp_path))
        await scanner.probe()
        assert (await scanner.scan(mail(SPAM), {})).passed == ("0 reports",)
        for _ in range(2):
            assert await ask(home, "report") == 0
        findings = await scanner.scan(mail(SPAM), {})
        assert findings.flagged == ("2",)
    (home / "config").write_text("[client]\nTimeout = 1\n")
    with pytest.raises(ScannerError, match="none of its servers answered"):
        await scanner.scan(mail(SPAM), {})
