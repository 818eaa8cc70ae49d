"""What an operator can say about the HTTP listener."""

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, ge, gt

from sc.model.decision import Mode


def _host(_instance: object, _attribute: "Attribute[str]", value: str) -> None:
    if not value or any(c.isspace() or c in "/@:,[]" for c in value):
        raise ValueError("must be a host name, without scheme, port or path")


@frozen
class HttpLimits:
    """
    What one client, and all of them, can cost us.

    @ivar message_size: octets of one request's body; more is 413.
    @ivar recipients: of one message; more are 400.
    @ivar connections: at once; more are 503.
    @ivar idle_timeout: seconds without an octet, in a request or between two.
    @ivar body_timeout: seconds for a whole request to arrive, however it drips.
    @ivar answer_timeout: seconds from a whole request to our answer, then 503.
    @ivar reply_timeout: seconds in which a client must take the last answer.
    @ivar drain_timeout: seconds that a request in progress has when we stop.
    """

    message_size: int = field(default=64 * 1024 * 1024, validator=ge(64 * 1024))
    recipients: int = field(default=1000, validator=ge(1))
    connections: int = field(default=500, validator=ge(1))
    idle_timeout: float = field(default=60.0, validator=gt(0))
    body_timeout: float = field(default=120.0, validator=gt(0))
    answer_timeout: float = field(default=300.0, validator=gt(0))
    reply_timeout: float = field(default=60.0, validator=gt(0))
    drain_timeout: float = field(default=20.0, validator=ge(0))


@frozen
class HttpSettings:
    """
    One listener.

    @ivar endpoint: Twisted endpoint strings.
    @ivar mode: enforce: decisions are carried out; observe: they are in the log and
        the metrics, and the answer is `no action`.
    @ivar greylist: true: those who ask have a stranger waiting, and tell him to come
        again if the answer is `soft reject`.
    @ivar hosts: names by which clients may call us, beside loopback and the address
        that they connect to. Others are refused: a stranger's web page could reach
        us under a name of its own.
    """

    endpoint: tuple[str, ...] = ()
    mode: Mode = Mode.ENFORCE
    hosts: tuple[str, ...] = field(default=(), validator=deep_iterable(_host))
    limits: HttpLimits = HttpLimits()
    greylist: bool = False

    @property
    def faces_strangers(self) -> bool:
        return self.greylist
