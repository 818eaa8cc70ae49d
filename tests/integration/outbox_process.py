"""A process that takes one report and sends it: something to kill.

Arguments: the store's URL, and the relay's `host:port`.
"""

import sys
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor  # noqa: TID251 a program of its own
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from sc.maillog import MailLog
from sc.net.relay import Relay, RelaySettings, relay_endpoint
from sc.outbox.outbox import Outbox
from sc.outbox.sender import Sender
from sc.outbox.settings import OutboxSettings
from sc.store.choose import choose_store
from sc.store.settings import StoreSettings
from tests.fakes.outbox import report


async def run(place: str, server: str) -> None:
    any_reactor = cast(Any, reactor)
    store = choose_store(StoreSettings(place), Path(), any_reactor)
    store.open()
    ids = iter(["r1"])
    outbox = Outbox(
        store, any_reactor, lambda: next(ids), OutboxSettings(), MailLog(), "node"
    )
    settings = RelaySettings(server)
    relay = Relay(
        settings, relay_endpoint(settings, reactor), any_reactor, "us.example"
    )
    Sender(outbox, relay, any_reactor).startService()
    await outbox.add(report())
    await Deferred()  # until it is killed


if __name__ == "__main__":
    react(
        lambda _: Deferred.fromCoroutine(run(sys.argv[1], sys.argv[2])),
        (),
    )
