"""Which state of a report may follow which; nothing else ever happens to one."""

from collections.abc import Mapping

from sc.model.report import ReportState as S

TRANSITIONS: Mapping[S, frozenset[S]] = {
    S.QUEUED: frozenset({S.SENDING, S.DEFERRED, S.FAILED, S.CANCELLED}),
    # Written down before the final dot: from here on the relay may have it.
    S.SENDING: frozenset({S.SENT, S.DEFERRED, S.FAILED, S.UNCERTAIN}),
    S.DEFERRED: frozenset({S.SENDING, S.DEFERRED, S.FAILED, S.CANCELLED, S.QUEUED}),
    # Only a person may decide to send it again, or not to. A node that was thought
    # dead may still tell that it was sent.
    S.UNCERTAIN: frozenset({S.QUEUED, S.CANCELLED, S.FAILED, S.SENT, S.BOUNCED}),
    S.FAILED: frozenset({S.QUEUED}),
    S.CANCELLED: frozenset({S.QUEUED}),
    # The relay took it, and the desk's host did not.
    S.SENT: frozenset({S.BOUNCED}),
    S.BOUNCED: frozenset({S.QUEUED}),
    S.SUPPRESSED: frozenset({S.QUEUED}),
}

WAITING = (S.QUEUED, S.DEFERRED)
"""Sent by themselves when their time comes."""


class TransitionError(Exception):
    """The report is in a state from which this cannot happen."""


def check(old: S, new: S) -> None:
    """
    @raise TransitionError: `new` may not follow `old`.
    """
    if new not in TRANSITIONS[old]:
        raise TransitionError(f"a report that is {old.value} cannot become {new.value}")
