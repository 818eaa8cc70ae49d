"""Two daemons on one PostgreSQL, each with a state folder and a relay of its own.

HTTP -> daemon -> PostgreSQL <- daemon -> relay; a node or the server is killed.
"""

import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import psycopg
import pytest
import yaml
from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.threadpool import ThreadPool

from sc.outbox.settings import TAKEOVER
from sc.store.postgresql.store import PostgreSQLStore
from sc.store.settings import StoreSettings
from tests import postgresql
from tests.fakes.faults import Fault
from tests.fakes.smtp_relay import Script
from tests.integration.daemon import PATIENCE, ROOT, pause
from tests.integration.raw_client import client, http
from tests.integration.reports import SEND, SPAM, Said, World, reporting

REACTOR = cast(Any, reactor)
KEY = "Idempotency-Key: 8e03978e"
OTHER = SPAM.replace(b"now", b"later")


@frozen
class Nodes:
    a: World
    b: World

    @property
    def mails(self) -> int:
        return len(self.a.mails) + len(self.b.mails)


@pytest.fixture
def url(postgresql_server: postgresql.Server) -> Iterator[str]:
    with postgresql_server.schema() as found:
        yield found


def sharing(url: str) -> Callable[[str], str]:
    """A configuration with that store, in which an answer may take long."""

    def changed(config: str) -> str:
        patient = config.replace("wait: 5", f"wait: {PATIENCE:.0f}")
        return f"{patient}store: {{url: '{url}'}}\n"

    return changed


@asynccontextmanager
async def two(folder: Path, url: str, script: Script) -> AsyncIterator[Nodes]:
    """@param script: of the first node's relay; the other one's takes everything."""
    for name in "ab":
        (folder / name).mkdir()
    async with (
        reporting(folder / "a", script, sharing(url)) as a,
        reporting(folder / "b", Script(), sharing(url)) as b,
    ):
        yield Nodes(a, b)


def only(answered: Said) -> str:
    """The id of the one report."""
    (report,) = answered["reports"]
    return str(report["id"])


async def test_the_same_at_both(tmp_path: Path, url: str) -> None:
    """At the same moment, and again with a key: one mail, and both callers know it."""
    async with two(tmp_path, url, Script()) as nodes:
        worlds = (nodes.a, nodes.b)
        posting = [Deferred.fromCoroutine(w.post(SPAM, SEND)) for w in worlds]
        answers = await gatherResults(posting, consumeErrors=True)
        first, second = (answer["abuse_report"] for answer in answers)
        assert only(first) == only(second)
        assert {first["duplicate"], second["duplicate"]} == {True, False}
        for world in worlds:
            await world.settles("sent")
        assert nodes.mails == 1

        taken = (await nodes.a.post(OTHER, SEND, KEY))["abuse_report"]
        again = (await nodes.b.post(OTHER, SEND, KEY))["abuse_report"]
        assert (taken["duplicate"], again["duplicate"]) == (False, True)
        assert only(taken) == only(again)
        error = (await nodes.b.post(SPAM, SEND, KEY))["error"]
        assert "with another request" in error
        await nodes.b.settles("sent", "sent")
        assert nodes.mails == 2


async def test_killed_node(tmp_path: Path, url: str) -> None:
    """What it had on its way is uncertain an hour later, at the other node, too."""
    async with two(tmp_path, url, Script(fault=Fault.HANG)) as nodes:
        async with client(nodes.a.daemon.ports["http"]) as raw:
            raw.say(http("/", SPAM, SEND))
            await hung(nodes.a)
            nodes.a.daemon.signal(signal.SIGKILL)
            await nodes.a.daemon.exited
        await nodes.b.settles("sending")
        await nodes.b.stopped()
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE reports SET changed = changed - %s", [TAKEOVER])
        await nodes.b.restart()
        await nodes.b.settles("uncertain")
        await nodes.a.restart()
        await nodes.a.settles("uncertain")
        assert nodes.b.mails == []


async def test_killed_server(tmp_path: Path) -> None:
    """No answer is a promise that it breaks, and what was promised leaves once."""
    with postgresql.running() as server:
        changed, script = (
            sharing(server.url()),
            Script(fault=Fault.HANG, fault_at="MAIL"),
        )

        def quick(config: str) -> str:
            return changed(config).replace("outbox: {", "outbox: {retry_delays: [1], ")

        async with reporting(tmp_path, script, quick) as world:
            async with client(world.daemon.ports["http"]) as raw:
                raw.say(http("/", SPAM, SEND))
                await hung(world)
                server.kill()
                world.script = Script()
                world.relays[0].transport.abortConnection()
                assert "error" in await world.post(OTHER, SEND)
            server.start()
            await taken(world, OTHER)
            await world.settles("sent", "sent")
            assert len(world.mails) == 2


async def test_page() -> None:
    """The page's SQL makes a place in which its URL finds room for the tables."""
    page = (ROOT / "docs/nodes.md").read_text()
    (sql,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    (config,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    found = str(yaml.safe_load(config)["store"]["url"])
    with postgresql.running() as server:
        # The cluster is a user's of that name already.
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for statement in re.sub(r"\bsc\b", "node", sql).split(";"):
                connection.execute(statement.strip().encode())
        found = found.replace("sc@", "node@").replace("/sc?", "/node?")
        url = found.replace("db.example", quote(str(server.folder), safe=""))
        store = PostgreSQLStore(StoreSettings(url), REACTOR, ThreadPool(0, 1))
        store.open()
        await store.close()


async def hung(world: World) -> None:
    """Return when the relay has fallen silent."""
    waited = 0.0
    while not any(relay.faulted.called for relay in world.relays):
        assert waited < PATIENCE, world.daemon.log
        waited += 0.05
        await pause(0.05)


async def taken(world: World, message: bytes) -> None:
    """As a client does that gets a 503: again, until it is taken."""
    waited = 0.0
    while "error" in await world.post(message, SEND):
        assert waited < PATIENCE, world.daemon.log
        waited += 0.5
        await pause(0.5)
