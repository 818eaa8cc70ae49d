"""sc.cli.messages: what an operator names, one message at a time."""

import io
import os
from pathlib import Path

import pytest

from sc.cli import messages
from sc.cli.messages import Found, Unreadable, read_messages

FROM = b"From joe@a.example Mon Oct 19 14:04:06 2026\n"


def _read(*paths: Path, stdin: bytes = b"") -> list[tuple[str, bytes | str]]:
    given = [str(path) for path in paths]
    return [
        (found.name, found.content if isinstance(found, Found) else found.reason)
        for found in read_messages(given, io.BytesIO(stdin))
    ]


def _file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_file_and_standard_input(tmp_path: Path) -> None:
    """A file and `-` are a message each, in the order given."""
    path = _file(tmp_path / "x.eml", b"A: b\n\nc\n")
    assert _read(Path("-"), path, stdin=b"D: e\n") == [
        ("-", b"D: e\n"),
        (str(path), b"A: b\n\nc\n"),
    ]


def test_mbox(tmp_path: Path) -> None:
    """An mbox is split where mail software would, and `>From ` is read as written."""
    one = b"A: 1\n\nx\nFrom here at 10:00\n\nFrom nobody\n>From me\n>>From you\n\n"
    path = _file(tmp_path / "mbox", FROM + one + FROM + b"A: 2\n")
    read_as = one.replace(b">From me", b"From me").replace(b">>From", b">From")
    assert _read(path) == [(f"{path}:1", read_as), (f"{path}:2", b"A: 2\n")]


def test_mbox_of_one(tmp_path: Path) -> None:
    """A message that was saved with its `From ` line keeps the file's name."""
    path = _file(tmp_path / "x", FROM + b"A: 1\n\nb\n")
    assert _read(path) == [(str(path), b"A: 1\n\nb\n")]
    assert _read(Path("-"), stdin=FROM) == [("-", b"")]


def test_folder(tmp_path: Path) -> None:
    """All files of a folder and below it by name; no hidden ones, no FIFO."""
    one = _file(tmp_path / "a" / "1", b"A: 1\n")
    two = _file(tmp_path / "2", b"A: 2\n")
    _file(tmp_path / ".index", b"A: 3\n")
    os.mkfifo(tmp_path / "fifo")
    assert _read(tmp_path) == [(str(two), b"A: 2\n"), (str(one), b"A: 1\n")]


def test_maildir(tmp_path: Path) -> None:
    """Of a maildir, and of its subfolders, what was delivered and nothing else."""
    for name in (
        "cur/1:2,S",
        "new/2",
        "tmp/3",
        "uidlist",
        ".Spam/cur/4",
        ".Spam/new/5",
    ):
        _file(tmp_path / name, b"A: b\n")
    names = [Path(name).relative_to(tmp_path) for name, _ in _read(tmp_path)]
    assert sorted(map(str, names)) == [
        ".Spam/cur/4",
        ".Spam/new/5",
        "cur/1:2,S",
        "new/2",
    ]


def test_unreadable(tmp_path: Path) -> None:
    """What cannot be read is told with its name, and the rest is read."""
    empty, good = _file(tmp_path / "0", b""), _file(tmp_path / "1", b"A: b\n")
    missing = tmp_path / "2"
    assert _read(missing, empty, Path("a\0b"), good) == [
        (str(missing), "No such file or directory"),
        (str(empty), "is empty"),
        ("a\0b", "embedded null byte"),
        (str(good), b"A: b\n"),
    ]


def test_unreadable_folder(tmp_path: Path) -> None:
    """A folder that goes away meanwhile is told, too."""
    _file(tmp_path / "1", b"A: b\n")
    gone = tmp_path / "2"
    gone.mkdir()
    found = read_messages([str(tmp_path)])
    next(found)
    gone.rmdir()
    assert list(found) == [Unreadable(str(gone), "No such file or directory")]


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a message nor a line of an mbox is ever whole if it is too long."""
    monkeypatch.setattr(messages, "MAX_OCTETS", 100)
    monkeypatch.setattr(messages, "MAX_LINE", 50)
    long = b"x" * 200 + b"\n"
    assert len(next(iter(_read(_file(tmp_path / "1", long))))[1]) == 101
    mbox = _file(tmp_path / "2", FROM + long * 9 + b"\n" + FROM + b"y\n")
    (_, first), (_, second) = _read(mbox)
    assert (len(first) <= 151, second) == (True, b"y\n")
