"""sc.scan.list_files: the files of both lists, as they change."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from twisted.internet.task import Clock
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    formatEvent,
    globalLogPublisher,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from sc.offload import Offload
from sc.scan.list_file import MAX_ENTRIES, MAX_OCTETS, ListFileError, read_list
from sc.scan.list_files import ListFiles
from sc.scan.list_settings import ListsSettings
from tests.fakes.inline_threads import InlineThreads
from tests.unit.scan.scanners import Kept

FORM = "must be: network|sender|recipient|user VALUE [from NETWORK] [until YYYY-MM-DD]"


@pytest.fixture
def logs() -> Iterator[Sequence[str]]:
    lines: list[str] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def write(path: Path, text: str, age: int = 0) -> None:
    path.write_text(text)
    os.utime(path, (1000 - age, 1000 - age))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "deny.list"
    write(path, "# ours\n\nuser joe  # stolen\r\n", age=9)
    return path


def made(settings: ListsSettings, clock: Clock) -> ListFiles:
    threads: Any = InlineThreads()
    return ListFiles(settings, clock, Offload(threads, threads))


def listing(clock: Clock, **settings: Any) -> ListFiles:
    return made(ListsSettings(**settings), clock)


def test_read(path: Path) -> None:
    """Comments and empty lines are nothing; each entry knows its line."""
    [entry] = read_list(str(path))
    assert (str(entry), entry.comment) == ("user joe", "stolen")
    assert entry.origin == f"{path}:3"


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"user joe\nusr jim\n", ":2: must begin with one of"),
        (b"\xff\n", ": is not UTF-8"),
        (b"#" * (MAX_OCTETS + 1), ": is larger than"),
        (b"user a\n" * (MAX_ENTRIES + 1), ": has more than"),
    ],
)
def test_wrong(path: Path, octets: bytes, told: str) -> None:
    """A file that is wrong says where."""
    path.write_bytes(octets)
    with pytest.raises(ListFileError) as caught:
        read_list(str(path))
    assert str(caught.value).startswith(f"{path}{told}")


def test_missing(tmp_path: Path) -> None:
    """A file that is not there is no empty list, and nobody starts without it."""
    name = str(tmp_path / "none")
    with pytest.raises(ListFileError, match="No such file"):
        listing(Clock(), deny_files=(name,)).load()


def test_changes(path: Path, logs: Sequence[str]) -> None:
    """A changed file holds after the next look; a wrong one keeps the old entries."""
    clock = Clock()
    files = listing(clock, allow=("user jim",), deny_files=(str(path),), refresh=60.0)
    files.load()
    files.start()
    assert [name for name, _ in files.about("joe")] == ["deny"]
    assert [name for name, _ in files.about("jim")] == ["allow"]
    write(path, "user jane\n", age=8)
    clock.advance(60)
    assert not files.about("joe")
    assert files.about("jane")
    write(path, "user\n", age=7)
    clock.advance(60)
    clock.advance(60)
    assert files.about("jane")
    path.unlink()
    clock.advance(60)
    clock.advance(60)
    assert files.about("jane")
    write(path, "user joe\n", age=6)
    clock.advance(60)
    assert files.about("joe")
    files.stop()
    files.stop()
    assert [line for line in logs if str(path) in line] == [
        f"{path}:1: {FORM}; its old entries stay",
        f"{path}: No such file or directory; its old entries stay",
    ]
    assert logs.count("lists: 2 entries") == 2


def test_adopted(path: Path) -> None:
    """A reload brings new settings and reads the files at once."""
    clock = Clock()
    settings = ListsSettings(deny_files=(str(path),))
    files = made(settings, clock)
    files.load()
    files.start()
    write(path, "user jane\n", age=8)
    files.adopt(evolve(settings, allow=("user jim",), refresh=5.0))
    assert files.about("jane")
    assert files.about("jim")
    files.adopt(ListsSettings())
    assert not files.about("jane")
    files.stop()


def test_adopted_wrong(tmp_path: Path, path: Path, logs: Sequence[str]) -> None:
    """A file that never was right has no old entries that could stay."""
    new, missing = tmp_path / "new.list", tmp_path / "missing.list"
    write(new, "user\n")
    files = listing(Clock(), deny_files=(str(path),))
    files.load()
    both = (str(new), str(missing))
    files.adopt(ListsSettings(deny_files=(str(path), *both)))
    assert files.about("joe")
    write(new, "user jane\n", age=8)
    files.adopt(ListsSettings(deny_files=(str(path), str(new))))
    assert files.about("jane")
    files.stop()
    assert [line for line in logs if line.startswith(both)] == [
        f"{new}:1: {FORM}; no entry of it counts; mend it",
        f"{missing}: No such file or directory; no entry of it counts; mend it",
    ]


class SlowThreads(InlineThreads):
    """@ivar work: runs when a test calls it."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[Callable[[], None]] = []

    def callInThreadWithCallback(self, *args: Any) -> None:
        self.work.append(partial(super().callInThreadWithCallback, *args))


def test_a_reload_is_faster_than_a_disk(path: Path) -> None:
    """What was read for old settings does not come back over the new ones."""
    threads: Any = SlowThreads()
    settings = ListsSettings(deny_files=(str(path),))
    files = ListFiles(settings, Clock(), Offload(threads, threads))
    files.start(now=True)
    files.adopt(ListsSettings(deny=("user jane",)))
    first, second = threads.work
    second()
    first()
    assert files.about("jane")
    assert not files.about("joe")
    files.stop()


def test_a_bug_is_not_the_last_look(path: Path) -> None:
    """Whatever goes wrong, the old entries stay and the next look comes."""

    class Broken(InlineThreads):
        calls = 0

        def callInThreadWithCallback(self, done: Any, work: Any, *args: Any) -> None:
            self.calls += 1
            if self.calls == 1:
                done(False, Failure(KeyError("bug")))
            else:
                super().callInThreadWithCallback(done, work, *args)

    clock, threads = Clock(), cast(Any, Broken())
    settings = ListsSettings(deny_files=(str(path),))
    files = ListFiles(settings, clock, Offload(threads, threads))
    files._log = Logger(observer=Kept())
    files.start(now=True)
    assert not files.about("joe")
    clock.advance(60)
    assert files.about("joe")
    files.stop()


def test_about_is_about_now(path: Path) -> None:
    """What has expired would not count."""
    clock = Clock()
    files = listing(clock, deny=("user joe until 1970-01-01",))
    files.load()
    assert files.about("joe")
    clock.advance(86_400)
    assert not files.about("joe")
