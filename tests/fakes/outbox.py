"""An outbox on a real store and a fake clock, without threads."""

from itertools import count
from pathlib import Path
from typing import Any, cast

from attrs import define, evolve
from twisted.internet.task import Clock

from sc.abuse.bounces.desks import Desks
from sc.abuse.bounces.settings import BounceSettings
from sc.maillog import MailLog
from sc.outbox.entry import Earlier, NewReport
from sc.outbox.gate import Gate
from sc.outbox.outbox import Outbox
from sc.outbox.settings import OutboxSettings
from sc.store.interface import DurableStore
from sc.store.postgresql.store import PostgreSQLStore
from sc.store.settings import StoreSettings
from sc.store.sqlite import SQLiteStore
from tests.fakes.inline_threads import InlineThreads

NOW = 1_700_000_000.0


@define
class Bench:
    """
    What an outbox needs, and a second one in the same place.

    @ivar store: a `DurableStore`; some tests break it from inside.
    """

    place: Path | str
    clock: Clock
    store: Any
    outbox: Outbox
    gate: Gate
    desks: Desks

    @classmethod
    def make(
        cls,
        place: Path | str,
        settings: OutboxSettings | None = None,
        prefix: str = "r",
        node: str = "",
        bounces: BounceSettings = BounceSettings(),  # noqa: B008 frozen
    ) -> "Bench":
        clock = Clock()
        clock.advance(NOW)
        store = inline_store(place)
        store.open()
        ids = count(1)
        desks = Desks(store, clock, bounces)
        outbox = Outbox(
            store,
            clock,
            lambda: f"{prefix}{next(ids)}",
            settings or OutboxSettings(),
            MailLog(),
            node,
        )
        outbox.settled = desks.settled
        return cls(place, clock, store, outbox, Gate(store, clock, outbox), desks)


def inline_store(place: Path | str) -> DurableStore:
    """@param place: a file, or a URL; see the fixture `place`."""
    threads = cast(Any, InlineThreads())
    if isinstance(place, Path):
        return SQLiteStore(place, threads, threads)
    settings = StoreSettings(place)
    if settings.file is not None:
        return SQLiteStore(settings.file, threads, threads)
    return PostgreSQLStore(settings, threads, threads)


def report(key: str = "key", contact: str = "abuse@net.example") -> NewReport:
    return NewReport(
        key=key,
        contact=contact,
        message_id="m1",
        mail_from="bounces@example.org",
        rcpt_to=contact,
        mail=b"Subject: a report\r\n\r\n.\r\n",
        mail_message_id="<1@example.org>",
        evidence="relay 192.0.2.1",
    )


def incident(
    number: int, source: str = "192.0.2.1", contact: str = "abuse@net.example"
) -> NewReport:
    """One of many about a source; its digest lists what came before it."""

    def digest(earlier: Earlier) -> bytes:
        lines = "".join(f"{line}\r\n" for line in earlier.lines)
        return f"{earlier.id} {earlier.count + 1}\r\n{lines}{number}\r\n".encode()

    return evolve(
        report(f"key {number}", contact),
        source=source,
        incident=f"incident {number}",
        digest=digest,
    )
