"""sc.store.settings and sc.store.choose: which store a configuration names."""

import sys
from pathlib import Path
from typing import Any

import pytest

from sc.store.choose import choose_store
from sc.store.interface import StoreError
from sc.store.settings import StoreSettings
from sc.store.sqlite import SQLiteStore

DEFAULT = Path("/state/sc.db")
THREADS: Any = None


@pytest.mark.parametrize(
    ("url", "path"),
    [("", DEFAULT), ("sqlite:///var/lib/a%20b.db", Path("/var/lib/a b.db"))],
)
def test_sqlite(url: str, path: Path) -> None:
    """A file: in the state folder, or where the URL says."""
    store = choose_store(StoreSettings(url), DEFAULT, THREADS)
    assert isinstance(store, SQLiteStore)
    assert store.path == path


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://x", "must begin with"),
        ("/var/lib/sc.db", "must begin with"),
        ("sqlite://sc.db", "path of a file"),
        ("sqlite:///", "path of a file"),
        ("postgresql://sc:secret@db/sc", "password_file"),
        ("postgresql://sc@db/sc?password=secret", "password_file"),
    ],
)
def test_wrong_url(url: str, text: str) -> None:
    """What cannot be a store is refused; so is a secret where others read it."""
    with pytest.raises(ValueError, match=text):
        StoreSettings(url)


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`scctl check` says what to install, and asks nothing of who uses a file."""
    monkeypatch.setattr("sc.store.settings.find_spec", lambda _: None)
    StoreSettings("sqlite:///var/lib/sc.db")
    with pytest.raises(ValueError, match=r"psycopg: pip install 'sc\[postgresql\]'"):
        StoreSettings("postgresql://sc@db/sc")


def test_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the daemon start with a psycopg that is broken."""
    monkeypatch.setitem(sys.modules, "sc.store.postgresql.store", None)
    with pytest.raises(StoreError, match=r"pip install 'sc\[postgresql\]'"):
        choose_store(StoreSettings("postgresql://sc@db/sc"), DEFAULT, THREADS)
