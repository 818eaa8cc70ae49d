"""sc.service.tokens: the operator's token in the state folder."""

import os
from pathlib import Path

import pytest

from sc.access import Access, AccessSettings, Peer, Right
from sc.service.tokens import admin_token, with_admin
from sc.store.state_dir import StateDirError


def test_made_once(tmp_path: Path) -> None:
    """The token stays the same over restarts, and only our user can read it."""
    path = tmp_path / "admin.token"
    token = admin_token(path)
    assert admin_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600


def test_gives_every_right(tmp_path: Path) -> None:
    """Its bearer may all; the configured rights stay."""
    token = admin_token(tmp_path / "t")
    access = Access(with_admin(AccessSettings(), token))
    assert access.caller(Peer(), token).rights == set(Right)
    assert Right.ADMIN not in access.caller(Peer()).rights


@pytest.mark.parametrize("content", ["", "short", "\xff" * 40])
def test_damaged(tmp_path: Path, content: str) -> None:
    """A file that holds no token is an error at the start, with what to do."""
    (tmp_path / "t").write_bytes(content.encode("latin-1"))
    with pytest.raises(StateDirError, match=str(tmp_path / "t")):
        admin_token(tmp_path / "t")


def test_unreadable(tmp_path: Path) -> None:
    """So is one that is a folder."""
    os.mkdir(tmp_path / "t")  # noqa: PTH102
    with pytest.raises(StateDirError, match="Is a directory"):
        admin_token(tmp_path / "t")
