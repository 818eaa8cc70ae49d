"""
The store on PostgreSQL. Each transaction is serializable: of two nodes that do the
same at once, one does it again and finds what the other has done.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg import errors
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from sc.store.interface import Cursor, StoreError
from sc.store.postgresql.errors import AGAIN, ANOTHER_ONE, explain
from sc.store.postgresql.migrate import migrate
from sc.store.postgresql.pool import SessionPool
from sc.store.postgresql.session import Session
from sc.store.schema import MIGRATIONS
from sc.store.settings import StoreSettings

T = TypeVar("T")

ATTEMPTS = 50
"""Of one transaction that others get in the way of."""

DUPLICATES = 3
"""
Attempts of one that breaks a unique constraint: another transaction may have made the
row that this one looked for, and a second look finds it.
"""

PAUSE = 0.05
"""Seconds before the next attempt, at most: apart by chance, they meet no more."""


class PostgreSQLStore:
    """
    `pool` must have `settings.connections` threads at most; the store starts and stops
    it.
    """

    def __init__(
        self,
        settings: StoreSettings,
        reactor: IReactorFromThreads,
        pool: ThreadPool,
        migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._pool = pool
        self._migrations = migrations
        self._sessions = SessionPool(settings)
        self._under_way: set[Deferred[None]] = set()
        self._open = False

    def open(self) -> None:
        """
        Connect and bring the tables up to date, before anything listens.

        @raise StoreError: nobody answers, or a newer `sc` made the tables.
        """
        self._prepare()
        self._open = True
        self._pool.start()

    async def transact(self, work: Callable[[Cursor], T]) -> T:
        if not self._open:
            raise StoreError("the store is closed")
        ended: Deferred[None] = Deferred()
        self._under_way.add(ended)
        try:
            done: T = await deferToThreadPool(
                self._reactor, self._pool, self._run, work
            )
            return done
        finally:
            self._under_way.discard(ended)
            ended.callback(None)

    async def close(self) -> None:
        """Take no more work, end what was taken, hang up; safe to call twice."""
        if not self._open:
            return
        self._open = False
        await DeferredList(list(self._under_way))
        # Waits for what nobody waits for any more; those sessions come back, too.
        self._pool.stop()
        self._sessions.close()

    def _prepare(self) -> None:
        session = self._sessions.take()
        try:
            migrate(session, self._migrations)
        except psycopg.Error as e:
            raise StoreError(explain(e, session, self._settings.timeout)) from e
        finally:
            session.close()  # with its lock

    def _run(self, work: Callable[[Cursor], T]) -> T:
        """In a thread of the pool."""
        attempt = 0
        while True:
            attempt += 1
            session = self._sessions.take()
            try:
                return session.transact(work)
            except psycopg.Error as e:
                if isinstance(e, ANOTHER_ONE):
                    session.close()
                if not _may_repeat(e, session, attempt):
                    text = explain(e, session, self._settings.timeout)
                    raise StoreError(text) from e
            finally:
                self._sessions.give_back(session)
            time.sleep(random.uniform(0, PAUSE))  # noqa: S311 no secret


def _may_repeat(error: psycopg.Error, session: Session, attempt: int) -> bool:
    """Nothing was kept, and another attempt may do better."""
    if session.lost:
        # The server was restarted since; the next session is a new one.
        return attempt == 1 and not session.expired and not session.committing
    if isinstance(error, AGAIN):
        return attempt < ATTEMPTS
    return isinstance(error, errors.UniqueViolation) and attempt < DUPLICATES
