"""Above the rate, reports about one source to one desk become one mail: a digest.

The report that waits carries those that come later: its mail is written anew for each,
with the latest message as the example and the earlier ones as lines.
"""

from sc.outbox import table
from sc.outbox.entry import Earlier, Entry, NewReport
from sc.outbox.states import TransitionError
from sc.store.interface import Cursor

MAX_LINES = 100
"""Earlier incidents that a digest lists; the others are counted."""


def find_carrier(cursor: Cursor, report: NewReport) -> Entry | None:
    """The report about the same source that waits for its turn, never tried yet."""
    if not report.source or report.digest is None:
        return None
    cursor.execute(
        f"{table.SELECT} WHERE lower(contact) = ? AND source = ? AND state = 'queued'"
        " AND admitted IS NULL AND next_attempt IS NOT NULL"
        " ORDER BY created, id LIMIT 1",
        (report.contact.lower(), report.source),
    )
    row = cursor.fetchone()
    return table.entry_of(row) if row else None


def merge(cursor: Cursor, report: NewReport, carrier: Entry, now: float) -> Entry:
    """Make the report part of the carrier's mail; its own is not kept."""
    assert report.digest is not None
    entry = table.new_entry(report, now, next_attempt=None, carrier=carrier.id)
    mail = report.digest(_earlier(cursor, carrier))
    cursor.execute(
        "UPDATE report_mails SET mail = ? WHERE report_id = ?", (mail, carrier.id)
    )
    table.insert(cursor, report, entry)
    return entry


def refuse_carried(entry: Entry) -> None:
    """
    @raise TransitionError: it has no mail of its own to do anything with.
    """
    if entry.carrier:
        raise TransitionError(f"it is part of the report {entry.carrier}: name that")


def _earlier(cursor: Cursor, carrier: Entry) -> Earlier:
    mine = "FROM reports WHERE id = ? OR carrier = ?", (carrier.id, carrier.id)
    cursor.execute(f"SELECT COUNT(*) {mine[0]}", mine[1])
    (count,) = cursor.fetchone() or (0,)
    cursor.execute(
        f"SELECT incident {mine[0]} ORDER BY created DESC, id DESC LIMIT ?",
        (*mine[1], MAX_LINES),
    )
    lines = tuple(str(line) for (line,) in reversed(cursor.fetchall()))
    return Earlier(carrier.id, carrier.mail_message_id, int(count), lines)
