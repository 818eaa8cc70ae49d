"""What a door that only observes says, whatever was decided.

So a site sees for weeks what we would do, beside the scanner that still decides.
"""

from attrs import evolve

from sc.model.decision import Action, Decision, Field

BELOW = 0.1
"""Exim and others compare numbers: the shown score stays so far below `add header`."""


def observed(decision: Decision, message_id: str) -> Decision:
    """
    Nothing is to be done, and the message gets no field but X-SC-Id: what another
    scanner wrote in X-Spam-* stays.
    """
    return evolve(
        decision,
        action=Action.NO_ACTION,
        would=decision.action,
        score=min(decision.score, decision.add_header_at - BELOW),
        fields=(Field("X-SC-Id", message_id),),
        subject=None,
        redirect_to=None,
    )
