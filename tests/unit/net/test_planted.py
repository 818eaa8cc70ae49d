"""sc.net.planted: where a socket can be trusted."""

import os
from pathlib import Path

import pytest

from sc.net.planted import MAX_LINKS, refuse_planted
from sc.net.server_pool import ExchangeError

SHARED, STICKY = 0o777, 0o1777


def folder(path: Path, mode: int = 0o755) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


def socket(place: Path) -> Path:
    path = place / "peer"
    path.touch()
    return path


def refused(path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"^its socket lies in a folder that eve"):
        refuse_planted(path)


@pytest.fixture
def other_owner(tmp_path: Path) -> int:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    return 12345


def test_own_folder(tmp_path: Path) -> None:
    """A socket that only we and root can have put there is asked."""
    refuse_planted(socket(folder(tmp_path / "run")))


@pytest.mark.parametrize("mode", [SHARED, STICKY])
def test_shared_folder(tmp_path: Path, mode: int) -> None:
    """The folder of the socket is never one that everybody may write."""
    refused(socket(folder(tmp_path / "run", mode)))


def test_folder_in_a_shared_folder(tmp_path: Path) -> None:
    """Where everybody may rename a folder on the way, another can take its place."""
    inside = folder(folder(tmp_path / "shared") / "run")
    inside.parent.chmod(SHARED)
    refused(socket(inside))


def test_folder_in_a_sticky_folder(tmp_path: Path, other_owner: int) -> None:
    """In a folder like /tmp only what is ours, or root's, is believed."""
    inside = folder(folder(tmp_path / "tmp") / "run")
    path = socket(inside)
    inside.parent.chmod(STICKY)
    refuse_planted(path)
    os.chown(inside, other_owner, -1)
    refused(path)


def test_link_out_of_a_sticky_folder(tmp_path: Path, other_owner: int) -> None:
    """A link that a stranger made leads to what he likes, however well it lies."""
    path = socket(folder(tmp_path / "run"))
    place = folder(tmp_path / "tmp", STICKY)
    (place / "link").symlink_to(tmp_path / "run")
    ours = tmp_path / "ours"
    ours.symlink_to("tmp/../tmp/link/peer")
    refuse_planted(ours)
    os.chown(place / "link", other_owner, -1, follow_symlinks=False)
    refused(ours)
    refused(place / "link" / "peer")
    refuse_planted(path)


def test_folder_is_no_socket() -> None:
    """Where there is no name at all there is none to plant; connecting then fails."""
    refuse_planted(Path("/.."))


@pytest.mark.parametrize("name", ["none", "none/peer"])
def test_missing(tmp_path: Path, name: str) -> None:
    """What is not there is told without its path."""
    with pytest.raises(ExchangeError, match=r"^its socket does not exist$"):
        refuse_planted(tmp_path / name)


def test_endless_links(tmp_path: Path) -> None:
    """Links in a circle end."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert MAX_LINKS < 100
    with pytest.raises(ExchangeError, match="does not exist"):
        refuse_planted(tmp_path / "a")
