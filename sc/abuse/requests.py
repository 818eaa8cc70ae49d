"""Requests to report, committed: neither a crash nor a full network loses one."""

import json
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from attrs import asdict, evolve, frozen

from sc.abuse import keys
from sc.model.envelope import Envelope
from sc.model.message import Message
from sc.model.report import Boundary, ReportRequest, ReportStatus
from sc.outbox.settings import LONGEST_CLAIM, TAKEOVER
from sc.store.interface import Cursor, Store

MAX_ATTEMPTS = 5
"""Beginnings of one request: one that kills the daemon must not do so for ever."""


MAX_IDS = 10_000
"""Requests that are remembered at a time; the others wait on the disk."""

_FREE = "(node IN ('', ?) OR claimed <= ? OR claimed > ?)"
"""A claim that is over, or, after a clock was set back, longer than any."""


class GivenUpError(Exception):
    """A request was begun too often; it is gone now."""


@frozen
class Requests:
    """
    The table; a row leaves it when its reports are in the outbox.

    @ivar node: tells the nodes that share a store apart. A request is its node's who
        took it; if that is dead, another one's after `TAKEOVER` seconds.
    """

    _store: Store
    node: str = ""

    async def add(
        self, message: Message, request: ReportRequest, now: float, told: str = ""
    ) -> keys.Taken | None:
        """
        Return when it is on the disk; a request that is there already stays. One
        whose key is known is not taken again.

        @param now: seconds since 1970.
        @param told: the fingerprint of a request with a key.
        @raise KeyReusedError: its key stands for another request.
        @raise StoreError: it was not taken.
        """
        values = (
            message.id,
            message.listener,
            json.dumps(asdict(message.envelope), default=str),
            # XARF is for the answer, and whoever waits for it has it in memory.
            json.dumps(asdict(evolve(request, xarf=None)), default=str),
            message.content[:],
            now,
            self.node,
            now + TAKEOVER,
        )

        def work(cursor: Cursor) -> keys.Taken | None:
            if told:
                taken = keys.take(cursor, message.id, request, told, now)
                if taken is not None:
                    return taken
            cursor.execute(
                "INSERT INTO report_requests"
                " (id, listener, envelope, request, content, attempts, created,"
                " node, claimed) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                values,
            )
            return None

        return await self._store.transact(work)

    async def taken(self, request: ReportRequest, told: str) -> keys.Taken | None:
        """What its key stands for now; None: it was forgotten."""
        return await self._store.transact(
            partial(keys.find, request=request, told=told)
        )

    async def ids(self, now: float) -> tuple[str, ...]:
        """Those that this node may begin, the oldest first; at most `MAX_IDS`."""

        def work(cursor: Cursor) -> tuple[str, ...]:
            cursor.execute(
                f"SELECT id FROM report_requests WHERE {_FREE}"  # noqa: S608 our own words
                " ORDER BY created, id LIMIT ?",
                (*self._free(now), MAX_IDS),
            )
            return tuple(found for (found,) in cursor.fetchall())

        return await self._store.transact(work)

    async def begin(
        self, request_id: str, now: float
    ) -> tuple[Message, ReportRequest] | None:
        """
        Count one more beginning, and return what is asked; None if it is done, or
        another node does it.

        @raise GivenUpError: there have been `MAX_ATTEMPTS`.
        """

        def work(cursor: Cursor) -> tuple[int, str, str, str, bytes] | None:
            cursor.execute(
                "UPDATE report_requests SET attempts = attempts + 1, node = ?,"  # noqa: S608 our own words
                f" claimed = ? WHERE id = ? AND {_FREE}"
                " RETURNING attempts, listener, envelope, request, content",
                (self.node, now + TAKEOVER, request_id, *self._free(now)),
            )
            row = cursor.fetchone()
            return (row[0], row[1], row[2], row[3], row[4]) if row else None

        begun = await self._store.transact(work)
        if begun is None:
            return None
        attempts, listener, envelope, request, content = begun
        if attempts > MAX_ATTEMPTS:
            await self._give_up(request_id)
            raise GivenUpError(f"begun {MAX_ATTEMPTS} times without an end")
        message = Message(request_id, _envelope(envelope), bytes(content), listener)
        return message, _request(request)

    async def put_back(self, request_id: str) -> None:
        """This beginning does not count: the request itself was not the reason."""

        def work(cursor: Cursor) -> None:
            cursor.execute(
                "UPDATE report_requests SET attempts = attempts - 1 WHERE id = ?",
                (request_id,),
            )

        await self._store.transact(work)

    async def remove(
        self, request_id: str, reports: tuple[ReportStatus, ...] = ()
    ) -> None:
        """Its reports are in the outbox."""

        def work(cursor: Cursor) -> None:
            cursor.execute("DELETE FROM report_requests WHERE id = ?", (request_id,))
            keys.settle(cursor, request_id, reports)

        await self._store.transact(work)

    async def purge(self, before: float) -> None:
        """Forget the keys of this time."""
        await self._store.transact(partial(keys.purge, before=before))

    async def _give_up(self, request_id: str) -> None:
        def work(cursor: Cursor) -> None:
            cursor.execute("DELETE FROM report_requests WHERE id = ?", (request_id,))
            keys.forget(cursor, request_id)

        await self._store.transact(work)

    def _free(self, now: float) -> tuple[str, float, float]:
        return (self.node, now, now + LONGEST_CLAIM)


def waiting_since(cursor: Cursor, message_id: str) -> float | None:
    """When the request to report this message came, if it is not done; else None."""
    cursor.execute("SELECT created FROM report_requests WHERE id = ?", (message_id,))
    row = cursor.fetchone()
    return float(row[0]) if row else None


def _envelope(text: str) -> Envelope:
    values: dict[str, Any] = json.loads(text)
    ip = values["client_ip"]
    changed = {
        "recipients": tuple(values["recipients"]),
        "client_ip": ip_address(ip) if ip else None,
    }
    return Envelope(**(values | changed))


def _request(text: str) -> ReportRequest:
    values: dict[str, Any] = json.loads(text)
    boundary = values["boundary"]
    if boundary is not None:
        boundary = Boundary(
            names=tuple(boundary["names"]),
            domains=tuple(boundary["domains"]),
            cidrs=tuple(map(ip_network, boundary["cidrs"])),
            legacy_all=boundary["legacy_all"],
        )
    return ReportRequest(**(values | {"boundary": boundary}))
