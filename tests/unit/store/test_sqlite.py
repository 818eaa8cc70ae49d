"""sc.store.sqlite: what is committed stays, what fails leaves nothing."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadpool import ThreadPool

from sc.store.interface import Cursor, StoreError
from sc.store.sqlite import SQLiteStore
from tests.contract.store import TABLES, Make, StoreContract, insert, notes


def make(path: Path, migrations: tuple[tuple[str, ...], ...] = TABLES) -> SQLiteStore:
    threads = cast(IReactorFromThreads, reactor)
    return SQLiteStore(path, threads, ThreadPool(0, 1), migrations)


class TestSQLite(StoreContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        return lambda migrations: make(tmp_path / "store.db", migrations)


@pytest_twisted.async_yield_fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    made = make(tmp_path / "store.db")
    made.open()
    yield made
    await made.close()


async def test_full_disk(store: SQLiteStore) -> None:
    """A full disk is told, and what was there before stays readable."""
    await store.transact(lambda c: insert(c, "before"))

    def fill(cursor: Cursor) -> None:
        cursor.execute("PRAGMA max_page_count = 1")
        insert(cursor, "x" * 100_000)

    with pytest.raises(StoreError, match="full"):
        await store.transact(fill)
    assert await store.transact(notes) == ["before"]


async def test_close_ends_what_was_taken(store: SQLiteStore, tmp_path: Path) -> None:
    """Closing waits for the work already handed over and refuses what comes later."""
    waiting = Deferred.fromCoroutine(store.transact(lambda c: insert(c, "last")))
    await store.close()
    await waiting
    with pytest.raises(StoreError, match="closed"):
        await store.transact(notes)
    connection = sqlite3.connect(tmp_path / "store.db")
    assert connection.execute("SELECT note FROM notes").fetchall() == [("last",)]
    connection.close()


async def test_private_and_durable(store: SQLiteStore, tmp_path: Path) -> None:
    """The files are the daemon's alone, and every commit is on the disk."""
    await store.transact(lambda c: insert(c, "a"))
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o600}

    def pragmas(cursor: Cursor) -> list[object]:
        found = []
        for name in ("journal_mode", "synchronous", "foreign_keys"):
            cursor.execute(f"PRAGMA {name}")
            found.append((cursor.fetchone() or (None,))[0])
        return found

    assert await store.transact(pragmas) == ["wal", 2, 1]


def test_failed_step_changes_nothing(tmp_path: Path) -> None:
    """A step that fails in the middle is taken back whole."""
    broken = (*TABLES, ("CREATE TABLE more (a TEXT)", "CREATE NONSENSE"))
    with pytest.raises(StoreError, match=r"store\.db: .*NONSENSE"):
        make(tmp_path / "store.db", broken).open()
    connection = sqlite3.connect(tmp_path / "store.db")
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert tables.fetchall() == [("notes",)]
    connection.close()


def test_not_a_store(tmp_path: Path) -> None:
    """A file that is something else, or no file at all, is named in the error."""
    (tmp_path / "store.db").write_text("something else, and long enough" * 100)
    with pytest.raises(StoreError, match=r"store\.db: file is not a database"):
        make(tmp_path / "store.db").open()
    with pytest.raises(StoreError, match="nowhere"):
        make(tmp_path / "nowhere" / "store.db").open()
