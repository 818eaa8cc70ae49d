"""A relay client that does at each delivery what the test says."""

from attrs import define, field
from twisted.internet.defer import Deferred

from sc.net.relay import BeforeDot, Delivery
from sc.wire.smtp import Reply


@define
class Attempt:
    """
    @ivar answer: fire it with replies, or with an error.
    @ivar dot_sent: the final dot has been allowed.
    """

    delivery: Delivery
    before_dot: BeforeDot | None
    answer: "Deferred[tuple[Reply, ...]]" = field(factory=Deferred)
    dot_sent: bool = False

    async def dot(self) -> None:
        if self.before_dot is not None:
            await self.before_dot()
        self.dot_sent = True

    def reply(self, code: int, text: str) -> None:
        self.answer.callback((Reply(code, (text,)),))


@define
class FakeDeliverer:
    """
    @ivar hold_dot: fires before the dot; None: it is sent at once.
    """

    attempts: list[Attempt] = field(factory=list)
    hold_dot: "Deferred[None] | None" = None

    async def deliver(
        self, delivery: Delivery, before_dot: BeforeDot | None = None
    ) -> tuple[Reply, ...]:
        attempt = Attempt(delivery, before_dot)
        self.attempts.append(attempt)
        if self.hold_dot is not None:
            await self.hold_dot
        await attempt.dot()
        return await attempt.answer
