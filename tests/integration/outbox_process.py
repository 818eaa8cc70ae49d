"""A process that takes one report and sends it: something to kill.

Arguments: the store's file, and the relay's `host:port`.
"""

import sys
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.python.threadpool import ThreadPool

from sc.maillog import MailLog
from sc.net.relay import Relay, RelaySettings, relay_endpoint
from sc.outbox.outbox import Outbox
from sc.outbox.sender import Sender
from sc.outbox.settings import OutboxSettings
from sc.store.sqlite import SQLiteStore
from tests.fakes.outbox import report


async def run(path: Path, server: str) -> None:
    any_reactor = cast(Any, reactor)
    pool = ThreadPool(0, 1)
    store = SQLiteStore(path, any_reactor, pool)
    store.open()
    ids = iter(["r1"])
    outbox = Outbox(store, any_reactor, lambda: next(ids), OutboxSettings(), MailLog())
    settings = RelaySettings(server)
    relay = Relay(
        settings, relay_endpoint(settings, reactor), any_reactor, "us.example"
    )
    Sender(outbox, relay, any_reactor).startService()
    await outbox.add(report())
    await Deferred()  # until it is killed


if __name__ == "__main__":
    react(
        lambda _: Deferred.fromCoroutine(run(Path(sys.argv[1]), sys.argv[2])),
        (),
    )
