"""The store on SQLite: one file, one thread, every commit on the disk.

One thread, because SQLite has one writer at a time: more threads only wait for it.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from sc.store.interface import Cursor, StoreError
from sc.store.schema import MIGRATIONS

T = TypeVar("T")

BUSY = 5.0
"""Seconds to wait for somebody else's sqlite3 shell to let go of the file."""


class SQLiteStore:
    """
    @ivar path: where the file lies; created with mode 0600.

    `pool` must have one thread at most; the store starts and stops it.
    """

    def __init__(
        self,
        path: Path,
        reactor: IReactorFromThreads,
        pool: ThreadPool,
        migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
    ) -> None:
        self.path = path
        self._reactor = reactor
        self._pool = pool
        self._migrations = migrations
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """
        Open the file and bring its tables up to date, before anything listens.

        @raise StoreError: it cannot be opened, or a newer `sc` wrote it.
        """
        try:
            connection = _connect(self.path)
        except (OSError, sqlite3.Error) as e:
            raise StoreError(f"{self.path}: {e}") from e
        try:
            _migrate(connection, self._migrations)
        except (StoreError, sqlite3.Error) as e:
            connection.close()
            raise StoreError(f"{self.path}: {e}") from e
        self._connection = connection
        self._pool.start()

    async def transact(self, work: Callable[[Cursor], T]) -> T:
        if self._connection is None:
            raise StoreError("the store is closed")
        try:
            done: T = await deferToThreadPool(
                self._reactor, self._pool, _transaction, self._connection, work
            )
        except StoreError as e:
            raise StoreError(f"{self.path}: {e}") from e
        return done

    async def close(self) -> None:
        """Take no more work, end what was taken, close the file; safe to call twice."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        await deferToThreadPool(self._reactor, self._pool, connection.close)
        self._pool.stop()


def _connect(path: Path) -> sqlite3.Connection:
    # SQLite gives its -wal and -shm files the mode of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(
        path, timeout=BUSY, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit survives power loss
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # reports hold people's mail
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _migrate(
    connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...]
) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StoreError(
            f"its tables are of step {version}, this program knows {len(migrations)}:"
            " a newer version wrote it"
        )
    for number, statements in enumerate(migrations[version:], version + 1):
        _transaction(connection, _step(number, statements))


def _step(number: int, statements: tuple[str, ...]) -> Callable[[Cursor], None]:
    def take(cursor: Cursor) -> None:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"PRAGMA user_version = {number:d}")

    return take


def _transaction(connection: sqlite3.Connection, work: Callable[[Cursor], T]) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(connection.cursor())
            connection.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as e:
        raise StoreError(str(e)) from e
    return done
