"""sc.programs: real processes, each of which goes wrong in its own way."""

import fcntl
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from sc.programs.program import Limits, Program, UnfitMessageError
from sc.programs.scratch import Scratch
from sc.programs.search import ProgramError, find
from tests.fakes.inline_offload import inline

PATIENCE = 60.0
"""Seconds that a loaded machine may take; nothing waits for them to pass."""

WAITS = "sleep 1000"
Make = Callable[..., Program]


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "scratch", inline())


@pytest.fixture
def make(tmp_path: Path, scratch: Scratch) -> Iterator[Make]:
    """A program from the text of a shell script; afterwards no file may be left."""

    def made(
        text: str,
        *arguments: str,
        timeout: float = PATIENCE,
        memory: int = 2 << 30,
        concurrency: int = 4,
    ) -> Program:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        limits = Limits(timeout, memory, concurrency)
        return Program(reactor, scratch, [str(path), *arguments], limits)

    yield made
    assert not scratch.folder.exists() or not [*scratch.folder.iterdir()]


async def until(condition: Callable[[], bool]) -> None:
    """It also lets the reactor close the pipes of what was killed."""
    for _ in range(int(PATIENCE / 0.02)):
        await deferLater(reactor, 0.02)
        if condition():
            return
    raise AssertionError("it never came true")


def is_gone(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    # A dead orphan whose new parent has not asked for its end yet.
    return status.rpartition(")")[2].split()[0] in "ZX"


async def pid_in(path: Path) -> int:
    await until(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


async def test_stdin(make: Make) -> None:
    """The message comes by stdin; exit code, stdout and stderr go back."""
    printed = await make("cat; echo bad >&2; exit 7").run(b"Subject: x\r\n")
    assert (printed.code, printed.out, printed.err) == (7, "Subject: x\r\n", "bad\n")


async def test_large_message(make: Make) -> None:
    """More than a pipe takes at once."""
    printed = await make("wc -c").run(b"x" * 3_000_000)
    assert printed.out.strip() == "3000000"


async def test_file(make: Make) -> None:
    """`{file}` is a private file; its folder is not told to anybody."""
    text = 'echo "$1"; stat -c %a "${1#--in=}" "${1%/*}"; cat "${1#--in=}"; cat'
    program = make(text.replace('"${1%/*}"', '"$TMPDIR"'), "--in={file}")
    printed = await program.run(b"hello\n")
    assert printed.out.splitlines() == ["--in=message", "600", "700", "hello"]


async def test_what_it_leaves_is_deleted(make: Make) -> None:
    """Whatever it unpacks into its folder goes with the message."""
    assert (await make('mkdir "$TMPDIR/a"; : > "$TMPDIR/a/b"').run(b"")).code == 0


async def test_environment(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the daemon's secrets, descriptors or folders goes along."""
    monkeypatch.setenv("PGPASSWORD", "secret")
    # Above those that a shell opens for itself.
    held = fcntl.fcntl(0, fcntl.F_DUPFD, 50)
    os.set_inheritable(held, True)
    try:
        text = f"pwd; for n in 3 {held}; do [ ! -e /proc/$$/fd/$n ] || echo $n; done"
        printed = await make(f"{text}; env").run(b"")
    finally:
        os.close(held)
    folder, *lines = printed.out.splitlines()
    assert folder == "/"
    names = {line.partition("=")[0] for line in lines}
    assert names <= {"PATH", "LC_ALL", "HOME", "TMPDIR", "PWD", "_", "SHLVL", "OLDPWD"}


async def test_limits(make: Make) -> None:
    """Memory, CPU, core files and files are bounded by the kernel."""
    text = "ulimit -v; ulimit -t; ulimit -c; ulimit -f"
    printed = await make(text, timeout=50.0, memory=64 << 20).run(b"")
    assert printed.out.split() == ["65536", "50", "0", str((64 << 20) // 512)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kill -SEGV $$", "ended by signal 11"),
        ("cat /dev/zero", "printed more than 65536 octets"),
        ("cat /dev/zero >&2", "printed more than 65536 octets"),
    ],
)
async def test_breaks_on_a_message(make: Make, text: str, why: str) -> None:
    """A crash or a flood is a matter of this message."""
    with pytest.raises(UnfitMessageError, match=why):
        await make(text).run(b"x" * 1_000_000)


@pytest.mark.parametrize(
    "text",
    [
        WAITS,
        f"trap '' TERM; {WAITS}",
        f"exec >&- 2>&-; {WAITS}",
        f"exec <&-; {WAITS}",
        f"{WAITS} & wait",
        f"({WAITS} &); {WAITS}",
    ],
    ids=["hangs", "ignores", "closed", "deaf", "forks", "orphans"],
)
async def test_hangs(make: Make, tmp_path: Path, text: str) -> None:
    """After its time it is ended, whatever it does, with all that it forked."""
    told = tmp_path / "pid"
    work = Deferred.fromCoroutine(
        make(f"echo $$ > {told}; {text}", timeout=1.0).run(b"x" * 1_000_000)
    )
    with pytest.raises(ProgramError, match="no answer within 1 s"):
        await work
    # A busy machine may not have begun to run it.
    group = int(told.read_text() or 0) if told.exists() else 0
    await until(lambda: not group or not members(group))


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group, *_ = (
                (folder / "stat").read_text().rpartition(")")[2].split()
            )
        except OSError:
            continue
        if int(its_group) == group and state not in "ZX":
            found.append(int(folder.name))
    return found


async def test_leaves_a_process_behind(make: Make, tmp_path: Path) -> None:
    """What it forked ends with it, and its answer counts."""
    told = tmp_path / "pid"
    text = f"sleep 1000 & echo $! > {told}; echo done; exit 3"
    printed = await make(text).run(b"")
    assert (printed.code, printed.out) == (3, "done\n")
    pid = await pid_in(told)
    await until(lambda: is_gone(pid))


async def test_escapes(make: Make, tmp_path: Path) -> None:
    """One that leaves the session and holds the output open gives no answer."""
    told = tmp_path / "pid"
    leaves = f"setsid sh -c 'echo $$ > {told}; exec sleep 30' &"
    text = f"{leaves} while ! [ -s {told} ]; do sleep 0.05; done; exit 0"
    with pytest.raises(ProgramError, match="no answer within 3 s"):
        await make(text, timeout=3.0).run(b"")
    await until(lambda: True)
    if told.exists():
        os.kill(await pid_in(told), signal.SIGKILL)


async def test_client_leaves(make: Make, tmp_path: Path) -> None:
    """A scan that nobody waits for ends its process."""
    told = tmp_path / "pid"
    text = f"echo $$ > {told}; sleep 1000"
    work = Deferred.fromCoroutine(make(text).run(b"x" * 1_000_000))
    pid = await pid_in(told)
    work.cancel()
    with pytest.raises(CancelledError):
        await work
    await until(lambda: is_gone(pid))


async def test_turns(make: Make, tmp_path: Path) -> None:
    """Only so many run at a time; who waits in vain is told within his time."""
    go = tmp_path / "go"
    program = make(
        f"echo x >> {tmp_path}/begun; while ! [ -e {go} ]; do sleep 0.05; done",
        concurrency=1,
    )
    first = Deferred.fromCoroutine(program.run(b""))
    second = Deferred.fromCoroutine(program.run(b""))
    await until((tmp_path / "begun").exists)
    second.cancel()
    with pytest.raises(CancelledError):
        await second
    third = Deferred.fromCoroutine(program.run(b""))
    assert (tmp_path / "begun").read_text() == "x\n"
    go.touch()
    assert (await first).code == (await third).code == 0


async def test_no_such_interpreter(make: Make, tmp_path: Path) -> None:
    """A program that the kernel refuses is told in one sentence."""
    program = make("")
    (tmp_path / "program").write_text("#!/nonexistent/sh\n")
    with pytest.raises(ProgramError, match=r"^cannot be started: No such file"):
        await program.run(b"")


async def test_no_more_processes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine at its limit is an error of this scanner."""
    program = make("")

    class Full:
        callLater = staticmethod(reactor.callLater)

        def spawnProcess(self, *_: object, **__: object) -> None:
            raise OSError(11, "Resource temporarily unavailable")

    program._reactor = Full()
    with pytest.raises(ProgramError, match=r"^cannot be started: Resource"):
        await program.run(b"")


async def test_disk_is_full(make: Make, tmp_path: Path, scratch: Scratch) -> None:
    """No folder or no file for the message is an error that says so."""
    program = make("", "{file}")
    (tmp_path / "scratch").write_text("")
    with pytest.raises(ProgramError, match="no folder for the message"):
        await program.run(b"")
    (tmp_path / "scratch").unlink()

    class NoRoom(Scratch):
        async def write(self, folder: Path, content: object) -> Path:
            raise OSError(28, "No space left on device")

    program._scratch = NoRoom(scratch.folder, inline())
    with pytest.raises(ProgramError, match="no file for the message: No space"):
        await program.run(b"")


def test_find(tmp_path: Path) -> None:
    """Only a program that can be run, and that not everybody can replace."""
    assert find("sh").endswith("/sh")
    assert find(sys.executable) == sys.executable
    path = tmp_path / "scan"
    for expected, change in (
        ("scan is not installed", lambda: None),
        ("scan cannot be executed", lambda: path.write_text("")),
        ("scan can be replaced by anybody", lambda: path.chmod(0o777)),
    ):
        change()
        with pytest.raises(ProgramError, match=expected):
            find(str(path))
    path.chmod(0o755)
    assert find(str(path)) == str(path)
    tmp_path.chmod(0o777)
    with pytest.raises(ProgramError, match="by anybody"):
        find(str(path))
    tmp_path.chmod(0o700)
    with pytest.raises(ProgramError, match="no-such-scanner is not installed"):
        find("no-such-scanner")


def test_left_by_a_killed_daemon(scratch: Scratch) -> None:
    """The next one deletes it."""
    folder = scratch.make()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "message").write_text("secret")
    scratch.clear()
    assert not scratch.folder.exists()
