"""What came of one scan: the verdict, and a decision for each recipient."""

from attrs import frozen

from sc.model.decision import Decision, RecipientDecision
from sc.model.envelope import Direction
from sc.model.message import Message
from sc.model.verdict import Verdict


@frozen
class Outcome:
    """
    @ivar decisions: one for each recipient of the envelope, in its order; one
        with recipient None if the envelope names none.
    @ivar observed: nobody acts on these decisions.
    """

    message: Message
    direction: Direction
    verdict: Verdict
    decisions: tuple[RecipientDecision, ...]
    seconds: float
    observed: bool = False

    @property
    def decision(self) -> Decision:
        """The answer at doors that can give only one: the most severe."""
        return max(
            (d.decision for d in self.decisions), key=lambda d: d.action.severity
        )
