"""What an operator can say about the spamd listener."""

from attrs import field, frozen
from attrs.validators import ge, gt

from sc.model.decision import Mode


@frozen
class SpamdLimits:
    """
    What one client, and all of them, can cost us.

    @ivar message_size: octets of one message, compressed or not; a larger one is
        read to its declared end and refused.
    @ivar connections: at once; more are reset.
    @ivar first_line_timeout: seconds until a client has said what it wants.
    @ivar idle_timeout: seconds between two octets of a request.
    @ivar total_timeout: seconds for a whole request and its scan; spamd's is 300,
        Exim itself waits for 120.
    @ivar reply_timeout: seconds in which a client must take its reply.
    @ivar drain_timeout: seconds that a request in progress has when we stop.
    """

    message_size: int = field(default=64 * 1024 * 1024, validator=gt(0))
    connections: int = field(default=500, validator=ge(1))
    first_line_timeout: float = field(default=30.0, validator=gt(0))
    idle_timeout: float = field(default=60.0, validator=gt(0))
    total_timeout: float = field(default=300.0, validator=gt(0))
    reply_timeout: float = field(default=60.0, validator=gt(0))
    drain_timeout: float = field(default=20.0, validator=ge(0))


@frozen
class SpamdSettings:
    """
    One listener.

    @ivar endpoint: Twisted endpoint strings.
    @ivar mode: enforce: decisions are carried out; observe: they are in the log and
        the metrics, and the answer is `no action`.
    @ivar greylist: true: those who ask have a stranger waiting, and tell him to come
        again if the answer is `soft reject`.
    """

    endpoint: tuple[str, ...] = ()
    limits: SpamdLimits = SpamdLimits()
    mode: Mode = Mode.ENFORCE
    greylist: bool = False

    @property
    def faces_strangers(self) -> bool:
        return self.greylist
