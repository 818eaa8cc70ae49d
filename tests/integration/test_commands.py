"""Programs as scanners: the real clamscan, and a daemon whose scanner misbehaves."""

import json
import os
import signal
from pathlib import Path

import pytest
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred

from sc.config.load import Source
from sc.config.schema import load
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.scanners.command import CommandScanner, build
from sc.scanners.interface import MessageRefusedError
from tests.fakes.programs import processes, script
from tests.integration.daemon import (
    PATIENCE,
    ROOT,
    Daemon,
    pause,
    running,
    spawn,
    stop,
)
from tests.integration.engines import EICAR, MARKER
from tests.programs import program, run

CLEAN = b"Subject: x\r\n\r\nhello\r\n"


@pytest.fixture
def clamscan(tmp_path: Path) -> CommandScanner:
    """The sample, with a small database of signatures."""
    settings = load(Source("x", ROOT / "etc/commands/clamscan.yaml"))
    own = settings.scanners.commands["clamscan"]
    database = tmp_path / "sc-test.ndb"
    database.write_text(
        f"SC-Test-Marker:0:*:{MARKER.hex()}\nEicar-Test:0:*:{EICAR.hex()}\n"
    )
    argv = (program("clamscan"), f"--database={database}", *own.argv[1:])
    own = evolve(own, argv=argv, self_test=True)
    return build("clamscan", own, processes(tmp_path))


@pytest.mark.peer
async def test_clamscan(clamscan: CommandScanner, tmp_path: Path) -> None:
    """The real program knows EICAR, finds what is bad and passes what is not."""
    await clamscan.probe()
    infected = Message("m", Envelope(), CLEAN + MARKER)
    findings = await clamscan.scan(infected, {})
    assert findings.flagged == ("SC-Test-Marker.UNOFFICIAL",)
    assert (await clamscan.scan(Message("m", Envelope(), CLEAN), {})).passed == ("OK",)
    assert not [*(tmp_path / "scratch").iterdir()]


@pytest.mark.peer
async def test_clamscan_without_signatures(
    clamscan: CommandScanner, tmp_path: Path
) -> None:
    """What cannot scan is an error, never clean."""
    (tmp_path / "sc-test.ndb").unlink()
    with pytest.raises(MessageRefusedError, match="exit code 2"):
        await clamscan.scan(Message("m", Envelope(), CLEAN), {})


def settings(path: Path, more: str = "") -> str:
    return (
        "scanners:\n  commands:\n    gate-keeper:\n"
        f"      argv: [{path}, '{{file}}']\n"
        f"      exit_codes: {{0: clean, 1: virus}}\n{more}"
    )


async def scan(daemon: Daemon) -> dict[str, object]:
    url = f"http://127.0.0.1:{daemon.ports['http']}/v1/scan"
    argv = [program("curl"), "-s", "--data-binary", "@-", url]
    done = await run(argv, stdin=CLEAN, timeout=PATIENCE)
    answer: dict[str, object] = json.loads(done.out)
    return answer


async def began(path: Path) -> int:
    """The process id that the script wrote down."""
    waited = 0.0
    while not (path.exists() and path.read_text().endswith("\n")):
        assert waited < PATIENCE, "nothing was started"
        waited += 0.05
        await pause(0.05)
    return int(path.read_text())


async def ended(pid: int) -> None:
    waited = 0.0
    while not is_gone(pid):
        assert waited < PATIENCE, "it still runs"
        waited += 0.05
        await pause(0.05)


def is_gone(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        )
    except OSError:
        return True


async def test_verdict(tmp_path: Path) -> None:
    """A virus that a program tells is rejected at once; a reload takes it away."""
    path = script(tmp_path, "exit 1")
    async with running(tmp_path, settings(path)) as daemon:
        answer = await scan(daemon)
        assert answer["action"] == "reject"
        assert "GATE_KEEPER_VIRUS" in json.dumps(answer)
        config = tmp_path / "sc.yaml"
        config.write_text(config.read_text().partition("scanners:")[0])
        daemon.signal(signal.SIGHUP)
        await daemon.saw("configuration reloaded")
        assert (await scan(daemon))["action"] == "no action"


async def test_hangs(tmp_path: Path) -> None:
    """One that forks and hangs costs its timeout; nothing of it stays."""
    told = tmp_path / "pid"
    path = script(tmp_path, f"sleep 1000 & echo $! > {told}; sleep 1000")
    more = "      timeout: 3\n      on_error: tempfail\n"
    async with running(tmp_path, settings(path, more)) as daemon:
        assert (await scan(daemon))["action"] == "soft reject"
        # On a busy machine it may have been too late to begin.
        pid = told.read_text() if told.exists() else ""
        if pid:
            await ended(int(pid))
        assert not [*(daemon.state / "scratch").iterdir()]


async def test_daemon_is_killed(tmp_path: Path) -> None:
    """What it leaves is deleted by the next one."""
    told = tmp_path / "pid"
    path = script(tmp_path, f"echo $$ > {told}; exec sleep 1000")
    async with running(tmp_path, settings(path)) as daemon:
        asking = Deferred.fromCoroutine(scan(daemon))
        asking.addErrback(lambda _: None)
        pid = await began(told)
        daemon.signal(signal.SIGKILL)
        await daemon.exited
        await asking
        assert [*(daemon.state / "scratch").iterdir()]
        os.kill(pid, signal.SIGKILL)
    again = spawn(tmp_path / "sc.yaml", daemon.ports, daemon.state)
    try:
        await again.ready.addTimeout(PATIENCE, reactor)
        assert not (daemon.state / "scratch").exists()
    finally:
        await stop(again)
