"""What becomes of a message of our own user that is to be rejected."""

from enum import Enum

from attrs import field, frozen

from sc.model.decision import Action, Reason
from sc.scan.settings import is_address


class OnReject(Enum):
    """What follows; `redirect` is a way to carry out a rejection, no action."""

    REJECT = "reject"
    REDIRECT = "redirect"
    QUARANTINE = "quarantine"
    FLAG = "flag"


_ACTIONS = {
    OnReject.REJECT: Action.REJECT,
    OnReject.REDIRECT: Action.REJECT,
    OnReject.QUARANTINE: Action.QUARANTINE,
    OnReject.FLAG: Action.ADD_HEADER,
}
_ALWAYS_REFUSED = frozenset(
    {Reason.VIRUS, Reason.LISTED, Reason.LIMITED, Reason.BLOCKED}
)


@frozen(kw_only=True)
class OutboundSettings:
    """
    What becomes of spam of authenticated users and local networks.

    @ivar reject: in place of a rejection; reject: refused; redirect: goes to
        `redirect_address`, by us or by the MTA that asks; quarantine: goes to
        `policy.quarantine_address`; flag: delivered with the fields. What holds a
        virus, or comes from who may not send, is refused whatever stands here.
    @ivar redirect_address: where LMTP and SMTP send it, its recipients in the header.
    """

    reject: OnReject = OnReject.REJECT
    redirect_address: str = field(default="", validator=is_address)

    def __attrs_post_init__(self) -> None:
        if self.reject is OnReject.REDIRECT and not self.redirect_address:
            raise ValueError("redirect_address is missing, and reject is redirect")

    def action(self, reason: Reason) -> Action:
        """In place of a rejection with this reason."""
        return Action.REJECT if reason in _ALWAYS_REFUSED else _ACTIONS[self.reject]

    def redirect_to(self, reason: Reason) -> str | None:
        """Where a rejected message goes; None: nowhere."""
        if self.reject is not OnReject.REDIRECT or reason in _ALWAYS_REFUSED:
            return None
        return self.redirect_address
