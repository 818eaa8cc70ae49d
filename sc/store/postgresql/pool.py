"""The sessions that wait for work, and when a server that is gone is asked again."""

import time
from collections.abc import Callable
from threading import Lock

import psycopg

from sc.store.interface import StoreError
from sc.store.postgresql.connect import connect
from sc.store.postgresql.errors import told
from sc.store.postgresql.session import Session
from sc.store.settings import StoreSettings

FIRST_PAUSE, LAST_PAUSE = 0.5, 10.0
"""
Seconds after a connection that failed, doubled each time; meanwhile nobody else waits
for the same.
"""


class SessionPool:
    """
    Used by the store's threads, of which each has one session at most.

    @param seconds: a clock that nobody sets.
    """

    def __init__(
        self, settings: StoreSettings, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._seconds = seconds
        self._lock = Lock()
        self._idle: list[Session] = []
        self._pause = FIRST_PAUSE
        self._not_before = 0.0
        self._why = ""

    def take(self) -> Session:
        """
        @raise StoreError: nobody answers, or it is too early to ask again.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._seconds() < self._not_before:
                raise StoreError(self._why)
        try:
            session = Session(connect(self._settings), self._settings.timeout)
        except (psycopg.Error, OSError, ValueError) as e:
            raise StoreError(self._failed(told(e))) from e
        self._pause = FIRST_PAUSE
        return session

    def give_back(self, session: Session) -> None:
        """One that is lost is dropped, with all that wait: the server is another."""
        if not session.lost:
            with self._lock:
                self._idle.append(session)
            return
        self.close()

    def close(self) -> None:
        """Those that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _failed(self, text: str) -> str:
        with self._lock:
            self._not_before = self._seconds() + self._pause
            self._pause = min(self._pause * 2, LAST_PAUSE)
            self._why = (
                f"PostgreSQL cannot be reached: {text}: see that it runs and that"
                " store.url is right; sc tries again by itself"
            )
            return self._why
