"""The store on a real PostgreSQL: what every store keeps, and what only it can do.

Store -> psycopg -> PostgreSQL over a UNIX socket; killed, frozen, refused.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeAlias

import pytest
import pytest_twisted
from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread
from twisted.python.threadpool import ThreadPool

from sc.store.interface import Cursor, StoreError
from sc.store.postgresql.pool import FIRST_PAUSE
from sc.store.postgresql.store import PostgreSQLStore
from sc.store.schema import MIGRATIONS
from sc.store.settings import StoreSettings
from tests import postgresql
from tests.contract.store import TABLES, Make, Migrations, StoreContract, insert, notes
from tests.integration.daemon import PATIENCE, pause

REACTOR: Any = reactor
Victim: TypeAlias = tuple[postgresql.Server, str]


def make(settings: StoreSettings, migrations: Migrations = TABLES) -> PostgreSQLStore:
    return PostgreSQLStore(settings, REACTOR, ThreadPool(0, 4), migrations)


class TestPostgreSQL(StoreContract):
    @pytest.fixture
    def make(self, url: str) -> Make:
        return lambda migrations: make(StoreSettings(url), migrations)


@pytest.fixture
def url(postgresql_server: postgresql.Server) -> Iterator[str]:
    with postgresql_server.schema() as found:
        yield found


@asynccontextmanager
async def opened(settings: StoreSettings) -> AsyncIterator[PostgreSQLStore]:
    """Its threads end with the test, whatever happens in it."""
    made = make(settings)
    made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest_twisted.async_yield_fixture
async def store(url: str) -> AsyncIterator[PostgreSQLStore]:
    async with opened(StoreSettings(url)) as made:
        yield made


@pytest.fixture(scope="module")
def victim() -> Iterator[postgresql.Server]:
    with postgresql.running() as found:
        yield found


@pytest.fixture
def server(victim: postgresql.Server) -> Iterator[tuple[postgresql.Server, str]]:
    """One that a test may kill, and the URL of an empty place there."""
    with victim.schema() as url:
        yield victim, url
        victim.thaw()
        victim.start()


async def works_again(store: PostgreSQLStore) -> list[str]:
    """What is in it, as soon as it can be told."""
    waited = 0.0
    while True:
        try:
            return await store.transact(notes)
        except StoreError:
            assert waited < PATIENCE
            waited += 0.1
            await pause(0.1)


async def test_nodes_that_start_at_once(url: str) -> None:
    """One makes the tables, the others wait and find them."""
    stores = [make(StoreSettings(url), MIGRATIONS) for _ in range(6)]
    await gatherResults([deferToThread(store._prepare) for store in stores])
    for store in stores:
        store._sessions.close()


async def test_killed_in_the_middle(server: Victim) -> None:
    """A server that dies in a transaction: nothing of it is kept, the rest is."""
    process, url = server
    async with opened(StoreSettings(url)) as store:
        await store.transact(lambda c: insert(c, "before"))
        reached, killed = Event(), Event()

        def work(cursor: Cursor) -> None:
            insert(cursor, "half")
            reached.set()
            assert killed.wait(PATIENCE)
            insert(cursor, "other half")

        waiting = Deferred.fromCoroutine(store.transact(work))
        assert await deferToThread(reached.wait, PATIENCE)
        process.kill()
        killed.set()
        with pytest.raises(StoreError, match=r"cannot be reached.*again by itself"):
            await waiting
        with pytest.raises(StoreError, match="cannot be reached"):
            await store.transact(notes)
        process.start()
        assert await works_again(store) == ["before"]


async def test_restarted(server: Victim) -> None:
    """After a restart nobody notices the connections that are gone."""
    process, url = server
    async with opened(StoreSettings(url)) as store:
        works = (partial(insert, note=str(n)) for n in range(4))
        adding = [Deferred.fromCoroutine(store.transact(work)) for work in works]
        await gatherResults(adding)
        process.stop()
        process.start()
        assert await store.transact(notes) == ["0", "1", "2", "3"]


async def test_silent(server: Victim) -> None:
    """A server that says nothing more holds nobody for longer than the timeout."""
    process, url = server
    settings = StoreSettings(url, timeout=0.5, connect_timeout=2)
    async with opened(evolve(settings, timeout=PATIENCE)) as store:
        await store.transact(lambda c: insert(c, "before"))
        (session,) = store._sessions._idle
        session._timeout = settings.timeout
        process.freeze()
        with pytest.raises(StoreError, match="did not answer within"):
            await store.transact(notes)
        with pytest.raises(StoreError, match=r"cannot be reached: .*timeout"):
            await store.transact(notes)
        process.thaw()
        assert await works_again(store) == ["before"]


async def test_refused(server: Victim) -> None:
    """Where nobody listens the daemon does not start, and says what to do."""
    process, url = server
    process.stop()
    store = make(StoreSettings(url))
    with pytest.raises(StoreError, match=r"cannot be reached: .*store\.url is right"):
        store.open()
    await store.close()


async def test_held(store: PostgreSQLStore) -> None:
    """A lock that somebody holds ends the transaction, not the connection."""
    await store.transact(lambda c: insert(c, "a"))
    reached, done = Event(), Event()

    def hold(cursor: Cursor) -> None:
        cursor.execute("UPDATE notes SET note = 'b'")
        reached.set()
        assert done.wait(PATIENCE)

    holding = Deferred.fromCoroutine(store.transact(hold))
    assert await deferToThread(reached.wait, PATIENCE)

    def meet(cursor: Cursor) -> None:
        cursor.execute("SET LOCAL lock_timeout = 100")
        cursor.execute("UPDATE notes SET note = 'c'")

    with pytest.raises(StoreError, match="pg_stat_activity"):
        await store.transact(meet)
    assert await store.transact(notes) == ["a"]
    done.set()
    await holding


@pytest.mark.parametrize(
    ("code", "text"),
    [("53100", "disk is full: stop: make room"), ("XX000", "PostgreSQL: stop")],
)
async def test_server_fails(store: PostgreSQLStore, code: str, text: str) -> None:
    """What the server complains of is told, and nothing of the transaction is kept."""

    def work(cursor: Cursor) -> None:
        insert(cursor, "half")
        raising = f"RAISE EXCEPTION 'stop' USING ERRCODE = '{code}'"
        cursor.execute(f"DO $$ BEGIN {raising}; END $$")

    with pytest.raises(StoreError, match=text):
        await store.transact(work)
    assert await store.transact(notes) == []


async def test_given_up(store: PostgreSQLStore) -> None:
    """A transaction that others always get in the way of has an end."""
    runs = []

    def work(cursor: Cursor) -> None:
        runs.append(1)
        cursor.execute(
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"
        )

    with pytest.raises(StoreError, match="PostgreSQL: x"):
        await store.transact(work)
    assert len(runs) == 50


async def test_became_a_standby(store: PostgreSQLStore) -> None:
    """A server that only reads by now is left for the one that writes."""
    runs = []

    def work(cursor: Cursor) -> None:
        runs.append(cursor)
        if len(runs) == 1:
            cursor.execute("SET TRANSACTION READ ONLY")
        insert(cursor, "kept")

    await store.transact(work)
    assert await store.transact(notes) == ["kept"]


async def test_strange_text(store: PostgreSQLStore) -> None:
    """NUL and half a character, which PostgreSQL cannot hold, do not fail for ever."""
    await store.transact(lambda c: insert(c, "a\0b\udcff"))
    assert await store.transact(notes) == ["a\N{REPLACEMENT CHARACTER}b?"]


async def test_wrong_url(url: str) -> None:
    """An option that libpq does not know is named."""
    store = make(StoreSettings(f"{url}&nonsense=1"))
    with pytest.raises(StoreError, match="nonsense"):
        store.open()


async def test_password(server: Victim, tmp_path: Path) -> None:
    """The password comes from the first line of a file; without it nobody comes in."""
    process, url = server
    path = tmp_path / "password"
    path.write_text("secr\u00e4t\n")
    rules = process.folder / "data/pg_hba.conf"
    anybody = rules.read_text()
    settings = StoreSettings(url, password_file=str(path))
    async with opened(settings) as store:
        change = "ALTER ROLE sc PASSWORD 'secr\u00e4t'"
        await store.transact(lambda c: c.execute(change) and None)
    process.stop()
    rules.write_text("local all all scram-sha-256\n")
    try:
        process.start(password="secr\u00e4t")
        with pytest.raises(StoreError, match="no password supplied"):
            make(StoreSettings(url)).open()
        async with opened(settings) as store:
            assert await store.transact(notes) == []
    finally:
        process.stop()
        rules.write_text(anybody)
        process.start()


async def test_pause(server: Victim) -> None:
    """While the server is away, one asks for all of them, and not all the time."""
    process, url = server
    process.stop()
    sessions, now = make(StoreSettings(url))._sessions, [0.0]
    sessions._seconds = lambda: now[0]
    for expected in (FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4):
        for _ in range(3):
            with pytest.raises(StoreError):
                sessions.take()
        assert sessions._not_before == now[0] + expected
        now[0] = sessions._not_before
