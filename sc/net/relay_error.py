"""How a delivery to a relay fails."""

from sc.wire.smtp import Reply


class RelayError(Exception):
    """
    The message was not delivered as far as we know.

    @ivar uncertain: the final dot may have been sent, and an answer is missing: the
        relay may have the message. To send it again may deliver it twice.
    @ivar replies: what is known for each recipient; empty if nothing is.
    """

    def __init__(
        self,
        text: str,
        *,
        uncertain: bool = False,
        replies: tuple[Reply | None, ...] = (),
    ) -> None:
        super().__init__(text)
        self.uncertain = uncertain
        self.replies = replies
