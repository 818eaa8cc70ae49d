"""sc.store.state_dir: one folder, one daemon, lasting secrets."""

import os
from pathlib import Path

import pytest

from sc.store.state_dir import StateDir, StateDirError, choose_state_dir


def test_choice(tmp_path: Path) -> None:
    """The configuration wins, then systemd, then the installed folder, then ./var."""
    environ = {"STATE_DIRECTORY": "/run/a:/run/b"}
    assert choose_state_dir("/srv/sc", environ) == Path("/srv/sc")
    assert choose_state_dir(None, environ) == Path("/run/a")
    assert choose_state_dir(None, {}, installed=tmp_path) == tmp_path
    missing = choose_state_dir(None, {}, tmp_path / "no", tmp_path / "var")
    assert missing == tmp_path / "var"
    assert not missing.exists()


def test_second_daemon(tmp_path: Path) -> None:
    """A second daemon on the folder is told who uses it, until that one leaves."""
    first, second = StateDir(tmp_path / "state"), StateDir(tmp_path / "state")
    first.lock()
    with pytest.raises(StateDirError, match=rf"daemon \(pid {os.getpid()}\) uses"):
        second.lock()
    first.unlock()
    first.unlock()
    second.lock()
    second.unlock()


def test_private(tmp_path: Path) -> None:
    """Nobody else may look into the folder."""
    state = StateDir(tmp_path / "deep" / "state")
    state.lock()
    assert state.folder.stat().st_mode & 0o777 == 0o700
    assert state.path("lock").stat().st_mode & 0o777 == 0o600
    state.unlock()


def test_holder_unknown(tmp_path: Path) -> None:
    """A lock without a readable number still keeps the second daemon out."""
    first, second = StateDir(tmp_path), StateDir(tmp_path)
    first.lock()
    first.path("lock").write_text("what?")
    with pytest.raises(StateDirError, match="another daemon uses"):
        second.lock()
    first.unlock()


def test_not_a_folder(tmp_path: Path) -> None:
    """A path that cannot be a folder is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateDirError, match="file"):
        StateDir(tmp_path / "file").lock()


def test_key(tmp_path: Path) -> None:
    """A secret is made once, differs by name, and is the daemon's alone."""
    state = StateDir(tmp_path)
    key = state.key("tokens")
    assert len(key) == 32
    assert state.key("tokens") == key
    assert state.key("other") != key
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_key_left_half_written(tmp_path: Path) -> None:
    """A crash while the secret was written does not matter."""
    (tmp_path / "tokens.new").write_bytes(b"half")
    assert len(StateDir(tmp_path).key("tokens")) == 32


def test_damaged_key(tmp_path: Path) -> None:
    """A cut or unreadable secret is an error, not a new secret."""
    (tmp_path / "cut").write_bytes(b"short")
    with pytest.raises(StateDirError, match="cut: is not a key"):
        StateDir(tmp_path).key("cut")
    with pytest.raises(StateDirError, match="no-folder"):
        StateDir(tmp_path / "no-folder").key("any")
