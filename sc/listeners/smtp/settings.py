"""What an operator can say about an LMTP or SMTP listener."""

from enum import Enum

from attrs import Attribute, field, frozen
from attrs.validators import ge, gt, instance_of

from sc.model.decision import Mode
from sc.net.relay import RelaySettings
from sc.wire.smtp_event import ServerLimits
from sc.wire.smtp_mail import Dialect


class Position(Enum):
    """Does the client still wait for our answer, or has the MTA taken the mail?"""

    BEFORE_QUEUE = "before_queue"
    AFTER_QUEUE = "after_queue"


class OnReject(Enum):
    """What becomes of a message that is rejected by policy."""

    MARK = "mark"
    REFUSE = "refuse"


class Do(Enum):
    """What a route does with a message."""

    FILTER = "filter"
    REPORT = "report"
    BOUNCES = "bounces"
    FEEDBACK = "feedback"


def _not_empty(_instance: object, _attribute: "Attribute[str]", value: str) -> None:
    if not value or any(c.isspace() for c in value):
        raise ValueError("must be a pattern of an address, without blanks")


@frozen
class Route:
    """
    @ivar recipient: pattern of the whole address; `*`, `?` and `[abc]` as in file
        names, case does not matter.
    @ivar do: what happens with a message for it: `filter`, `report` it; for the
        mailbox of `abuse_report.bounces`, `bounces`; for the one that gets feedback
        reports about your own users, `feedback`.
    """

    recipient: str = field(validator=_not_empty)
    do: Do = field(default=Do.FILTER, validator=instance_of(Do))


@frozen
class SmtpLimits:
    """
    What one client, and all of them, can cost us.

    @ivar message_size: octets of one message; announced by SIZE; more is 552.
    @ivar line_length: octets of one line after DATA; more is 554, at the end.
    @ivar recipients: of one message; more are 452, and sent in another transaction.
    @ivar errors: commands that break the protocol, then 421.
    @ivar connections: at once; more are 421.
    @ivar buffer: octets read ahead while a message is being answered.
    @ivar command_timeout: seconds for the next command (RFC 5321 4.5.3.2.7).
    @ivar data_timeout: seconds for a whole message, from DATA to the final dot.
    @ivar answer_timeout: seconds from the final dot to our reply, then 451; below the
        client's own limit (RFC 5321 and Postfix: 600).
    @ivar drain_timeout: seconds that a message in progress has when we stop.
    @ivar hops: Received fields that mean a loop.
    """

    message_size: int = field(default=64 * 1024 * 1024, validator=ge(64 * 1024))
    line_length: int = field(default=512 * 1024, validator=ge(998))
    recipients: int = field(default=1000, validator=ge(100))
    errors: int = field(default=20, validator=ge(1))
    connections: int = field(default=500, validator=ge(1))
    buffer: int = field(default=64 * 1024, validator=ge(1024))
    command_timeout: float = field(default=300.0, validator=gt(0))
    data_timeout: float = field(default=900.0, validator=gt(0))
    answer_timeout: float = field(default=540.0, validator=gt(0))
    drain_timeout: float = field(default=20.0, validator=ge(0))
    hops: int = field(default=50, validator=ge(10))

    @property
    def server(self) -> ServerLimits:
        """The part that the codec holds."""
        return ServerLimits(
            max_message=self.message_size,
            max_line=self.line_length,
            max_recipients=self.recipients,
            max_errors=self.errors,
        )


@frozen
class SmtpSettings:
    """
    One listener.

    @ivar protocol: lmtp answers for each recipient, smtp once for all.
    @ivar endpoint: Twisted endpoint strings.
    @ivar mode: enforce: decisions are carried out; observe: they are in the log and
        the metrics, and the answer is `no action`.
    @ivar position: before_queue: the client still waits, and refusing harms nobody.
        after_queue: what we refuse, the MTA bounces, mostly to a forged sender.
    @ivar on_reject: mark: relay with the fields; refuse: 550. Default by position.
    @ivar next_hop: where filtered mail goes on: `host:port`, the path of a UNIX
        socket, or the options below. Without one everything is scanned, answered with
        451, and stays with the client.
    @ivar routes: the first that matches a recipient counts; without one: filter.
    """

    protocol: Dialect = field(
        validator=instance_of(Dialect), metadata={"internal": True}
    )
    endpoint: tuple[str, ...] = ()
    mode: Mode = Mode.ENFORCE
    position: Position = field(
        default=Position.AFTER_QUEUE, validator=instance_of(Position)
    )
    on_reject: OnReject | None = None
    next_hop: RelaySettings | None = None
    routes: tuple[Route, ...] = ()
    limits: SmtpLimits = SmtpLimits()

    def __attrs_post_init__(self) -> None:
        if self.protocol is Dialect.LMTP and self.position is Position.BEFORE_QUEUE:
            raise ValueError("position: LMTP is spoken after the queue only")

    @property
    def faces_strangers(self) -> bool:
        """Does the client still wait, so that it can be told to come again?"""
        return self.position is Position.BEFORE_QUEUE

    @property
    def refuses(self) -> bool:
        """Does `reject` mean 550 here?"""
        if self.on_reject is None:
            return self.position is Position.BEFORE_QUEUE
        return self.on_reject is OnReject.REFUSE
