"""The store that the configuration names."""

from pathlib import Path

from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadpool import ThreadPool

from sc.store.interface import DurableStore, StoreError
from sc.store.settings import INSTALL, StoreSettings
from sc.store.sqlite import SQLiteStore

NAME = "sc.store"


def choose_store(
    settings: StoreSettings, default: Path, reactor: IReactorFromThreads
) -> DurableStore:
    """
    @param default: the file, if the configuration says nothing.
    @raise StoreError: the extra for PostgreSQL is not installed.
    """
    if not settings.is_postgresql:
        return SQLiteStore(settings.file or default, reactor, ThreadPool(0, 1, NAME))
    try:
        from sc.store.postgresql.store import PostgreSQLStore  # noqa: PLC0415 an extra
    except ImportError as e:
        raise StoreError(f"store.url needs psycopg ({e}): {INSTALL}") from e
    pool = ThreadPool(0, settings.connections, NAME)
    return PostgreSQLStore(settings, reactor, pool)
