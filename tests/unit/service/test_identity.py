"""sc.service.identity: our ids, our name, and whose files we make."""

import os
import random
from pathlib import Path

import pytest

from sc.service.identity import ID_LETTERS, acting_as, hostname, id_source


def test_ids() -> None:
    """An id can be read out over the telephone, and none comes twice."""
    new_id = id_source(random.Random(1))
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == ID_LETTERS and i.isalnum() for i in ids)
    assert not set("ilou") & set("".join(ids))


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("mx.example.org.", "mx.example.org"),
        ("", "localhost"),
        ("mx\r\nQUIT", "localhost"),
        ("münchen", "localhost"),
    ],
)
def test_hostname(monkeypatch: pytest.MonkeyPatch, name: str, ours: str) -> None:
    """An odd host name never reaches an SMTP greeting."""
    monkeypatch.setattr("socket.getfqdn", lambda: name)
    assert hostname() == ours


def test_nobody_to_become() -> None:
    """Without --uid everything is done as who we are."""
    before = os.geteuid()
    with acting_as(None, None):
        assert os.geteuid() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_files_belong_to_whom_we_become(tmp_path: Path) -> None:
    """With --uid the state belongs to that user, and we are root again after."""
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    with acting_as(65534, 65534):
        (tmp_path / "file").touch()
    made = (tmp_path / "file").stat()
    assert (made.st_uid, made.st_gid) == (65534, 65534)
    assert (os.geteuid(), os.getegid()) == (0, 0)
