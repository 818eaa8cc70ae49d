"""What every store keeps, SQLite's file and PostgreSQL alike."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import pytest
import pytest_twisted
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults

from sc.store.interface import Cursor, DurableStore, StoreError
from sc.store.schema import MIGRATIONS

Migrations: TypeAlias = tuple[tuple[str, ...], ...]
Make: TypeAlias = Callable[[Migrations], DurableStore]

TABLES: Migrations = (("CREATE TABLE notes (note TEXT PRIMARY KEY)",),)
REACTOR: Any = reactor


def insert(cursor: Cursor, note: str) -> None:
    cursor.execute("INSERT INTO notes (note) VALUES (?)", (note,))


def notes(cursor: Cursor) -> list[str]:
    cursor.execute("SELECT note FROM notes ORDER BY note")
    return [note for (note,) in cursor.fetchall()]


def count_up(cursor: Cursor) -> None:
    """Look, then act: right only if nobody else acts meanwhile."""
    insert(cursor, f"{len(notes(cursor)):03}")


class StoreContract:
    """A subclass has a fixture `make`: stores in one and the same place."""

    @pytest_twisted.async_yield_fixture
    async def store(self, make: Make) -> AsyncIterator[DurableStore]:
        made = make(TABLES)
        made.open()
        yield made
        await made.close()

    async def test_commit(self, store: DurableStore, make: Make) -> None:
        """What a transaction wrote is there for the next one and the next daemon."""
        await store.transact(lambda c: insert(c, "kept"))
        assert await store.transact(notes) == ["kept"]
        await store.close()
        await store.close()
        again = make(TABLES)
        again.open()
        assert await again.transact(notes) == ["kept"]
        await again.close()

    async def test_failure_undoes_all(self, store: DurableStore) -> None:
        """An exception in the middle leaves nothing of the transaction."""

        def fail(cursor: Cursor) -> None:
            insert(cursor, "half")
            raise LookupError("stop")

        with pytest.raises(LookupError):
            await store.transact(fail)
        assert await store.transact(notes) == []

    async def test_broken_rule(self, store: DurableStore) -> None:
        """The store's own complaints are StoreErrors; the next transaction works."""
        await store.transact(lambda c: insert(c, "a"))
        with pytest.raises(StoreError, match=r"(?i)unique"):
            await store.transact(lambda c: insert(c, "a"))
        with pytest.raises(StoreError, match="nonsense"):
            await store.transact(lambda c: c.execute("SELECT nonsense") and None)
        await store.transact(lambda c: insert(c, "b"))
        assert await store.transact(notes) == ["a", "b"]

    async def test_one_after_the_other(self, store: DurableStore) -> None:
        """Many at once never see each other half done."""
        waiting = [Deferred.fromCoroutine(store.transact(count_up)) for _ in range(40)]
        await gatherResults(waiting, consumeErrors=True)
        assert await store.transact(notes) == [f"{n:03}" for n in range(40)]

    async def test_two_nodes(self, store: DurableStore, make: Make) -> None:
        """Nor do two nodes that share the store."""
        other = make(TABLES)
        other.open()
        both = (store, other)
        waiting = [
            Deferred.fromCoroutine(both[n % 2].transact(count_up)) for n in range(40)
        ]
        await gatherResults(waiting, consumeErrors=True)
        assert await other.transact(notes) == [f"{n:03}" for n in range(40)]
        await other.close()

    async def test_close_ends_what_was_taken(
        self, store: DurableStore, make: Make
    ) -> None:
        """Closing waits for the work already handed over and refuses what is late."""
        waiting = Deferred.fromCoroutine(store.transact(lambda c: insert(c, "last")))
        await store.close()
        await waiting
        with pytest.raises(StoreError, match="closed"):
            await store.transact(notes)
        again = make(TABLES)
        again.open()
        assert await again.transact(notes) == ["last"]
        await again.close()

    async def test_a_caller_that_left(self, store: DurableStore) -> None:
        """Who stops waiting does not stop the transaction."""
        waiting = Deferred.fromCoroutine(store.transact(lambda c: insert(c, "kept")))
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        await waiting
        while await store.transact(notes) != ["kept"]:
            pass

    async def test_next_step(self, store: DurableStore, make: Make) -> None:
        """A newer program brings the tables up to date; an older one refuses."""
        await store.transact(lambda c: insert(c, "old"))
        await store.close()
        step = ("ALTER TABLE notes ADD COLUMN colour TEXT",)
        newer = make((*TABLES, step))
        newer.open()
        await newer.transact(lambda c: c.execute("SELECT colour FROM notes") and None)
        await newer.close()
        with pytest.raises(StoreError, match="newer version"):
            make(TABLES).open()

    async def test_failed_step(self, store: DurableStore, make: Make) -> None:
        """A step that fails in the middle is taken back whole."""
        await store.close()
        broken = (*TABLES, ("CREATE TABLE more (a TEXT)", "CREATE NONSENSE"))
        with pytest.raises(StoreError, match="NONSENSE"):
            make(broken).open()
        right = make((*TABLES, ("CREATE TABLE more (a TEXT)",)))
        right.open()
        await right.close()

    async def test_our_tables(self, make: Make) -> None:
        """All our steps can be taken, and a second start takes none."""
        for _ in range(2):
            store = make(MIGRATIONS)
            store.open()
            await store.close()

    async def test_values(self, make: Make) -> None:
        """Texts, octets, numbers and nothing come back as they were."""
        table = "CREATE TABLE t (a TEXT, b BLOB, c INTEGER, d DOUBLE PRECISION)"
        store = make(((table,),))
        store.open()
        rows = [
            ("zo\u00eb \U0001f4e8 100%", b"\0\xff%?", 1 << 40, 1_700_000_000.25),
            (None, None, None, None),
            ("", b"", True, 0.0),
        ]

        def work(cursor: Cursor) -> list[Any]:
            for row in rows:
                cursor.execute("INSERT INTO t (a, b, c, d) VALUES (?, ?, ?, ?)", row)
                assert (cursor.rowcount, cursor.fetchone()) == (1, None)
            cursor.execute("SELECT a, b, c, d FROM t")
            return cursor.fetchall()

        found = await store.transact(work)
        assert [(a, b if b is None else bytes(b), c, d) for a, b, c, d in found] == rows
        await store.close()

    async def test_same_sql(self, store: DurableStore) -> None:
        """What our SQL says means the same everywhere."""

        def work(cursor: Cursor) -> list[Any]:
            for note in ("b", "B", "_", "\u00e4"):
                insert(cursor, note)
            cursor.execute("INSERT INTO notes VALUES ('b') ON CONFLICT DO NOTHING")
            assert cursor.rowcount == 0
            cursor.execute("SELECT '100%?', ? || 'x' -- what?", ("a",))
            told = [cursor.fetchone(), cursor.fetchone()]
            cursor.execute("SELECT SUM(LENGTH(note)), COUNT(*), SUM(0.5) FROM notes")
            told.append(cursor.fetchone())
            cursor.execute(
                "UPDATE notes SET note = 'c' WHERE note IN"
                " (SELECT note FROM notes WHERE note LIKE 'b%' LIMIT ?)"
                " RETURNING note",
                (1,),
            )
            return [*told, *cursor.fetchall()]

        assert await store.transact(work) == [
            *(("100%?", "ax"), None),
            *((4, 4, 2.0), ("c",)),
        ]
        assert await store.transact(notes) == ["B", "_", "c", "\u00e4"]
