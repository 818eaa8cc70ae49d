"""Who comes in, and whose turn it is: holds, digests and rates, in one transaction."""

from sc.outbox import desks, digests, rates, stop, table
from sc.outbox.entry import Entry, NewReport
from sc.outbox.rules import Rules
from sc.outbox.states import TransitionError
from sc.store.interface import Cursor


def take_in(cursor: Cursor, report: NewReport, now: float, rules: Rules) -> Entry:
    """A new report: due, later, held, or part of one that waits."""
    if rules.hold_new_desks and not desks.is_known(cursor, report.contact):
        reason = (
            "held, the first report to this desk:"
            f" scctl outbox approve {report.id} (or reject)"
        )
        entry = table.new_entry(report, now, next_attempt=None, reason=reason)
        return table.insert_whole(cursor, report, entry)
    if rates.is_above(cursor, report.contact, now, rules.limits):
        carrier = digests.find_carrier(cursor, report)
        if carrier is not None:
            return digests.merge(cursor, report, carrier, now)
    turn = rates.turn(cursor, report.contact, now, rules.limits)
    entry = table.new_entry(report, now, next_attempt=turn.time, reason=turn.reason)
    return table.insert_whole(cursor, report, entry)


def enlist(cursor: Cursor, notice: NewReport, now: float) -> Entry:
    """
    Take a notice in somebody's transaction, and so together with what it tells.
    Neither holds nor rates nor digests are for it. `Outbox.announce` it afterwards.
    """
    entry = table.new_entry(notice, now, next_attempt=now)
    return table.insert_whole(cursor, notice, entry)


def admit(cursor: Cursor, report_id: str, now: float, rules: Rules) -> Entry:
    """
    Before an attempt: count it, or put it off until its turn comes.

    One that may have left already is counted, and goes when the operator says so.

    @raise TransitionError: nothing may leave now.
    """
    refuse_while_stopped(cursor, rules)
    entry = table.read(cursor, report_id)
    if entry.admitted is not None:
        return entry
    if entry.is_notice:
        return table.count_in(cursor, entry, now)
    turn = rates.turn(cursor, entry.contact, now, rules.limits)
    if turn.time > now:
        return table.postpone(cursor, entry, turn.time, turn.reason)
    return table.count_in(cursor, entry, now)


def refuse_while_stopped(cursor: Cursor, rules: Rules) -> None:
    """
    @raise TransitionError: nothing may leave now.
    """
    reason = stop.read(cursor, rules.stopped).reason
    if reason:
        raise TransitionError(f"sending is {reason}")
