"""The durable store: what may not be lost lies behind this interface.

The SQL that goes through it is what SQLite and PostgreSQL have in common, with `?`
for parameters, so that one contract suite can hold both. Not in common are, for
instance, `INSERT OR IGNORE` (`ON CONFLICT DO NOTHING` is), `MAX` of two values, and
numbers that the store gives to rows by itself.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

Value: TypeAlias = str | int | float | bytes | None

Row: TypeAlias = tuple[Any, ...]
"""One row; only the SQL that asked for it knows the types of its columns."""

T = TypeVar("T")


class StoreError(Exception):
    """
    The store cannot be read or written. Nothing of the transaction was kept; or all of
    it, if the connection to PostgreSQL broke in the very commit: whoever does it again
    must find that out.
    """


class Cursor(Protocol):
    """What a unit of work may do inside its transaction."""

    @property
    def rowcount(self) -> int:
        """Rows that the last statement changed."""
        ...

    def execute(self, sql: str, params: Sequence[Value] = (), /) -> object: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...


class Store(Protocol):
    async def transact(self, work: Callable[[Cursor], T]) -> T:
        """
        Run `work` in one transaction, alone; return when it is on the disk.

        `work` runs in the store's own thread: it must not touch the reactor. It may
        run more than once, when another node was in its way: what it changes outside
        of the store must bear that. What it raises undoes the transaction and reaches
        the caller. A caller that stops waiting does not stop the transaction.

        @raise StoreError: the disk is full, the file is damaged, the store closed.
        """
        ...


class DurableStore(Store, Protocol):
    """A store in the hands of the daemon."""

    def open(self) -> None:
        """
        Bring the tables up to date, before anything listens.

        @raise StoreError: it cannot be used; the text says why.
        """
        ...

    async def close(self) -> None:
        """Take no more work, and end what was taken; safe to call twice."""
        ...
