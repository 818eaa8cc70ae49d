"""One session with the server: one transaction at a time, each with a deadline."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TypeVar

import psycopg

from sc.store.interface import Cursor, Row, Value
from sc.store.postgresql.dialect import placeholders

T = TypeVar("T")

MARGIN = 1.0
"""Seconds that the server has to say itself that the time is over."""


class PostgreSQLCursor:
    """`sc.store.interface.Cursor`, as SQLite's behaves."""

    def __init__(self, cursor: "psycopg.Cursor[Row]") -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def execute(self, sql: str, params: Sequence[Value] = (), /) -> object:
        self._cursor.execute(placeholders(sql), [_storable(value) for value in params])
        return self

    def fetchone(self) -> Row | None:
        return self._cursor.fetchone() if self._cursor.description else None

    def fetchall(self) -> list[Row]:
        return self._cursor.fetchall() if self._cursor.description else []


def _storable(value: Value) -> Value:
    """Its text holds neither NUL nor half a character; a stranger's may."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return text.encode("utf-8", "replace").decode("utf-8")
    return value


class Session:
    """
    @ivar committing: the last transaction came to its COMMIT: if the connection broke
        then, nobody knows whether it was kept.
    @ivar expired: it was cut off, because its time was over.
    """

    def __init__(self, connection: "psycopg.Connection[Row]", timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self.committing = False
        self.expired = False

    @property
    def lost(self) -> bool:
        return self._connection.closed

    def transact(self, work: Callable[[Cursor], T]) -> T:
        """
        @raise psycopg.Error: see `lost` and `committing`.
        """
        self.committing = self.expired = False
        with self._bounded():
            try:
                done = work(PostgreSQLCursor(self._connection.cursor()))
                self.committing = True
                self._connection.commit()
            except BaseException:
                with suppress(psycopg.Error):
                    self._connection.rollback()
                raise
        return done

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """A server that says nothing more would hold the thread for ever."""
        timer = Timer(self._timeout + MARGIN, self._cut_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut_off(self) -> None:
        """The thread that waits sees the end of the connection."""
        self.expired = True
        with suppress(OSError, psycopg.Error):
            copy = os.dup(self._connection.pgconn.socket)
            with socket.socket(fileno=copy) as peer:
                peer.shutdown(socket.SHUT_RDWR)
