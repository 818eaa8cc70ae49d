"""Idempotency keys: the same request of the same caller is taken once.

draft-ietf-httpapi-idempotency-key-header. A key is committed along with its request,
so neither a crash nor a second node takes a request twice.
"""

import hashlib
import json

from attrs import asdict, evolve, frozen

from sc.model.message import Message
from sc.model.report import (
    KeyReusedError,
    ReportRequest,
    ReportState,
    ReportStatus,
)
from sc.store.interface import Cursor


@frozen
class Taken:
    """
    A request that came before.

    @ivar reports: as they stood when it was done; None: it is under way.
    """

    reports: tuple[ReportStatus, ...] | None


def fingerprint(message: Message, request: ReportRequest) -> str:
    """The same for what asks for the same, however its JSON is written."""
    asked = evolve(request, caller="", key="")
    words = (asdict(message.envelope), asdict(asked))
    digest = hashlib.sha256(json.dumps(words, default=str, sort_keys=True).encode())
    digest.update(message.content)
    return digest.hexdigest()


def take(
    cursor: Cursor, message_id: str, request: ReportRequest, told: str, now: float
) -> Taken | None:
    """
    Remember the request's key; what it stands for, if it is known already.

    @param told: the request's fingerprint.
    @raise KeyReusedError: it stands for another request.
    """
    taken = find(cursor, request, told)
    if taken is None:
        cursor.execute(
            "INSERT INTO idempotency_keys (caller, idempotency_key, fingerprint,"
            " message_id, created) VALUES (?, ?, ?, ?, ?)",
            (request.caller, request.key, told, message_id, now),
        )
    return taken


def find(cursor: Cursor, request: ReportRequest, told: str) -> Taken | None:
    """
    @raise KeyReusedError: the key stands for another request.
    """
    cursor.execute(
        "SELECT fingerprint, reports FROM idempotency_keys"
        " WHERE caller = ? AND idempotency_key = ?",
        (request.caller, request.key),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    if row[0] != told:
        raise KeyReusedError("this Idempotency-Key was sent with another request")
    return Taken(None if row[1] is None else _statuses(row[1]))


def settle(cursor: Cursor, message_id: str, reports: tuple[ReportStatus, ...]) -> None:
    """What came of the request."""
    told = [(r.id, r.contact, r.state.value, r.reason) for r in reports]
    cursor.execute(
        "UPDATE idempotency_keys SET reports = ? WHERE message_id = ?",
        (json.dumps(told), message_id),
    )


def forget(cursor: Cursor, message_id: str) -> None:
    """Nothing came of it: the next request with this key is a new one."""
    cursor.execute("DELETE FROM idempotency_keys WHERE message_id = ?", (message_id,))


def purge(cursor: Cursor, before: float) -> None:
    cursor.execute("DELETE FROM idempotency_keys WHERE created <= ?", (before,))


def _statuses(text: str) -> tuple[ReportStatus, ...]:
    return tuple(
        ReportStatus(report_id, contact, ReportState(state), reason, duplicate=True)
        for report_id, contact, state, reason in json.loads(text)
    )
