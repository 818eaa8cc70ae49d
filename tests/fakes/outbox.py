"""An outbox on a real SQLite file and a fake clock, without threads."""

from itertools import count
from pathlib import Path
from typing import Any, cast

from attrs import define, evolve
from twisted.internet.task import Clock

from sc.maillog import MailLog
from sc.outbox.entry import Earlier, NewReport
from sc.outbox.gate import Gate
from sc.outbox.outbox import Outbox
from sc.outbox.settings import OutboxSettings
from sc.store.sqlite import SQLiteStore
from tests.fakes.inline_threads import InlineThreads

NOW = 1_700_000_000.0


@define
class Bench:
    """What an outbox needs, and a second one on the same file."""

    path: Path
    clock: Clock
    store: SQLiteStore
    outbox: Outbox
    gate: Gate

    @classmethod
    def make(
        cls,
        path: Path,
        settings: OutboxSettings | None = None,
        prefix: str = "r",
        node: str = "",
    ) -> "Bench":
        clock, threads = Clock(), cast(Any, InlineThreads())
        clock.advance(NOW)
        store = SQLiteStore(path, threads, threads)
        store.open()
        ids = count(1)
        outbox = Outbox(
            store,
            clock,
            lambda: f"{prefix}{next(ids)}",
            settings or OutboxSettings(),
            MailLog(),
            node,
        )
        return cls(path, clock, store, outbox, Gate(store, clock, outbox))


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
