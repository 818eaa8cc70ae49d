"""Take what comes back for our reports, and complaints about our own users: 250 when it
is committed, not before."""

from typing import Protocol

from attrs import frozen

from sc.abuse.bounces.bounces import UnsettledError
from sc.model.message import Message
from sc.wire.smtp import Reply

LATER = Reply(451, ("4.3.0 its report is still being sent, try again later",))


class Taking(Protocol):
    """What `sc.abuse.bounces.bounces.Bounces` does, and `sc.scan.complaining`."""

    async def take(self, message: Message) -> None:
        """
        @raise UnsettledError: it must come again.
        """
        ...


@frozen
class Bounces:
    taking: Taking

    async def answer(self, message: Message) -> Reply:
        """Never a refusal: most of it has nobody to bounce to."""
        try:
            await self.taking.take(message)
        except UnsettledError:
            return LATER
        return Reply(250, (f"2.0.0 taken {message.id}",))
