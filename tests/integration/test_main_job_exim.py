"""The main job with real Exim: what the stranger's client hears, and what arrives.

swaks -> Exim 4.96 with etc/exim/spamd-rspamd-variant.conf -> the whole daemon ->
patterns, real ClamAV, real SpamAssassin -> Exim's answer, or its mailbox
"""

import base64
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from attrs import define

from tests.integration import engines
from tests.integration.daemon import Daemon, pause, running
from tests.integration.exim import Exim, exim_folder
from tests.integration.exim import running as running_exim

pytestmark = pytest.mark.peer

VARIANT = "spamd-rspamd-variant.conf"
HEADER = (
    b"From: Alice <alice@example.org>\r\nTo: bob@exim.test\r\nSubject: lunch\r\n"
    b"Date: Fri, 20 Nov 2026 09:59:58 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"X-Spam-Action: no action, says a stranger\r\nMIME-Version: 1.0\r\n"
)
CLEAN = HEADER + b"Content-Type: text/plain\r\n\r\nSee you at noon.\r\n"
SPAM = CLEAN.replace(b"Date: ", b"X-Date: ").replace(b"lunch", b"BUY NOW") + (
    b"No prescription needed. 100% guaranteed.\r\n"
)
VIRUS = (
    HEADER
    + b"Content-Type: application/octet-stream\r\n"
    + b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode(engines.MARKER)
    + b"\r\n"
)
PATIENCE = 30.0


@define
class Clamd:
    """clamd that a test can kill and start again, always at the same path."""

    path: Path

    @contextmanager
    def running(self) -> Iterator[None]:
        with engines.clamd() as engine:
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(engine.unix)
            yield


@define
class Site:
    daemon: Daemon
    exim: Exim

    async def answer(self, message: bytes) -> str:
        """What Exim says to the client after the final dot; it folds long answers."""
        sent = await self.exim.send(message)
        _, _, after = sent.out.decode("latin-1").partition("\n -> .\n")
        lines = re.findall(
            r"^<[-*]+ +(\d{3})[ -](.*)$", after.partition("\n -> ")[0], re.M
        )
        return " ".join([lines[0][0], *(text.strip() for _, text in lines)])

    async def accepted(self, message: bytes) -> None:
        """Try as a client does, until it is taken."""
        waited = 0.0
        while not (answer := await self.answer(message)).startswith("250 "):
            assert answer.startswith("451 "), answer
            assert waited < PATIENCE, self.daemon.log
            waited += 0.2
            await pause(0.2)


@asynccontextmanager
async def site(tmp_path: Path, clamd: Clamd) -> AsyncIterator[Site]:
    with engines.spamd() as spamd:
        extra = (
            "health: {retry_interval: 0.2}\nscanners:\n"
            f"  clamav: {{enabled: true, servers: ['{clamd.path}']}}\n"
            f"  spamassassin: {{enabled: true, servers: ['{spamd.tcp}']}}\n"
        )
        async with exim_folder() as folder, running(tmp_path, extra) as daemon:
            address = f"127.0.0.1 {daemon.ports['spamd']}"
            async with running_exim(VARIANT, address, folder) as exim:
                yield Site(daemon, exim)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with tempfile.TemporaryDirectory(prefix="sc-clamd-") as folder:
        yield Clamd(Path(folder) / "socket")


async def test_refused(tmp_path: Path, clamd: Clamd) -> None:
    """GTUBE, EICAR and a virus are refused before Exim has taken them."""
    with clamd.running():
        async with site(tmp_path, clamd) as s:
            for message, why, symbol in (
                (CLEAN + engines.GTUBE + b"\r\n", "a test pattern", "GTUBE"),
                (CLEAN + engines.EICAR + b"\r\n", "a virus", "EICAR,CLAMAV_VIRUS"),
                (VIRUS, "a virus", "CLAMAV_VIRUS"),
            ):
                answer = await s.answer(message)
                start = f"550 This message contains {why}; id "
                assert answer.startswith(start), answer
                scanned = f"id={answer[len(start) :]} "
                await s.daemon.saw(scanned)
                line = s.daemon.log[s.daemon.log.index(scanned) :]
                assert f"symbols={symbol}" in line.partition("\n")[0]


async def test_accepted(tmp_path: Path, clamd: Clamd) -> None:
    """A clean mail arrives with our two fields, and without the stranger's."""
    with clamd.running():
        async with site(tmp_path, clamd) as s:
            assert (await s.answer(CLEAN)).startswith("250 OK id=")
            mail = await s.exim.delivered()
    assert "\nX-Spam-Action: no action\n" in mail
    assert "\nX-Spam-Score: " in mail
    assert "\nX-Spam:" not in mail
    assert "says a stranger" not in mail


async def test_marked(tmp_path: Path, clamd: Clamd) -> None:
    """What SpamAssassin calls spam arrives marked, with the score that counted."""
    with clamd.running():
        async with site(tmp_path, clamd) as s:
            assert (await s.answer(SPAM)).startswith("250 OK id=")
            mail = await s.exim.delivered()
            [line] = [x for x in s.daemon.log.splitlines() if "] scanned id=" in x]
    score = line.partition(" score=")[2].partition(" ")[0]
    assert "\nX-Spam: Yes\n" in mail
    assert "\nX-Spam-Action: add header\n" in mail
    assert f"\nX-Spam-Score: {float(score):.1f}\n" in mail
    assert 6 <= float(score) < 15


async def test_clamd_is_killed(tmp_path: Path, clamd: Clamd) -> None:
    """Without clamd nothing is let through unscanned; with it, all goes on."""
    async with AsyncExitStack() as everything:
        with clamd.running():
            s = await everything.enter_async_context(site(tmp_path, clamd))
            assert (await s.answer(CLEAN)).startswith("250 ")
        answer = await s.answer(CLEAN)
        start = "451 This message could not be checked, please try again later; id "
        assert answer.startswith(start), answer
        await s.daemon.saw("scanner clamav is down (")
        assert (await s.answer(CLEAN)).startswith(start)
        await s.daemon.saw("errors=clamav:down")
        with clamd.running():
            await s.accepted(CLEAN)
