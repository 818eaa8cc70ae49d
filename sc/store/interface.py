"""The durable store: what may not be lost lies behind this interface.

The SQL that goes through it is what SQLite and PostgreSQL have in common, with `?`
for parameters, so that one contract suite can hold both.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

Value: TypeAlias = str | int | float | bytes | None

Row: TypeAlias = tuple[Any, ...]
"""One row; only the SQL that asked for it knows the types of its columns."""

T = TypeVar("T")


class StoreError(Exception):
    """The store cannot be read or written; nothing of the transaction was kept."""


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

        `work` runs in the store's own thread: it must not touch the reactor. What
        it raises undoes the transaction and reaches the caller. A caller that stops
        waiting does not stop the transaction.

        @raise StoreError: the disk is full, the file is damaged, the store closed.
        """
        ...
