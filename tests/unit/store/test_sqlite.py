"""sc.store.sqlite: what is committed stays, what fails leaves nothing."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadpool import ThreadPool

from sc.store.interface import Cursor, StoreError
from sc.store.sqlite import SQLiteStore

TABLES = (("CREATE TABLE notes (note TEXT PRIMARY KEY)",),)


def make(path: Path, migrations: tuple[tuple[str, ...], ...] = TABLES) -> SQLiteStore:
    threads = cast(IReactorFromThreads, reactor)
    return SQLiteStore(path, threads, ThreadPool(0, 1), migrations)


@pytest_twisted.async_yield_fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    made = make(tmp_path / "store.db")
    made.open()
    yield made
    await made.close()


def insert(cursor: Cursor, note: str) -> None:
    cursor.execute("INSERT INTO notes (note) VALUES (?)", (note,))


def notes(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT note FROM notes ORDER BY note")
    return [note for (note,) in cursor.fetchall()]


async def test_commit(store: SQLiteStore, tmp_path: Path) -> None:
    """What a transaction wrote is there for the next one and for the next daemon."""
    await store.transact(lambda c: insert(c, "kept"))
    assert await store.transact(notes) == ["kept"]
    await store.close()
    again = make(tmp_path / "store.db")
    again.open()
    assert await again.transact(notes) == ["kept"]
    await again.close()


async def test_failure_undoes_all(store: SQLiteStore) -> None:
    """An exception in the middle leaves nothing of the transaction."""

    def fail(cursor: Cursor) -> None:
        insert(cursor, "half")
        raise LookupError("stop")

    with pytest.raises(LookupError):
        await store.transact(fail)
    assert await store.transact(notes) == []


async def test_broken_rule_is_a_store_error(store: SQLiteStore) -> None:
    """SQLite's own complaints come as StoreError, and the next transaction works."""
    await store.transact(lambda c: insert(c, "a"))
    with pytest.raises(StoreError, match="UNIQUE"):
        await store.transact(lambda c: insert(c, "a"))
    await store.transact(lambda c: insert(c, "b"))
    assert await store.transact(notes) == ["a", "b"]


async def test_full_disk(store: SQLiteStore) -> None:
    """A full disk is told, and what was there before stays readable."""
    await store.transact(lambda c: insert(c, "before"))

    def fill(cursor: Cursor) -> None:
        cursor.execute("PRAGMA max_page_count = 1")
        insert(cursor, "x" * 100_000)

    with pytest.raises(StoreError, match="full"):
        await store.transact(fill)
    assert await store.transact(notes) == ["before"]


async def test_one_after_the_other(store: SQLiteStore) -> None:
    """Many at once never see each other half done."""

    def count_up(cursor: Cursor) -> None:
        insert(cursor, f"{len(notes(cursor)):03}")

    waiting = [Deferred.fromCoroutine(store.transact(count_up)) for _ in range(40)]
    await gatherResults(waiting, consumeErrors=True)
    assert await store.transact(notes) == [f"{n:03}" for n in range(40)]


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


async def test_next_step(store: SQLiteStore, tmp_path: Path) -> None:
    """A newer program brings the tables of an older one up to date."""
    await store.transact(lambda c: insert(c, "old"))
    await store.close()
    step = ("ALTER TABLE notes ADD COLUMN colour TEXT",)
    newer = make(tmp_path / "store.db", (*TABLES, step))
    newer.open()
    await newer.transact(lambda c: c.execute("SELECT colour FROM notes") and None)
    await newer.close()
    older = make(tmp_path / "store.db")
    with pytest.raises(StoreError, match="newer version"):
        older.open()


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
