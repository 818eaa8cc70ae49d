"""What an operator may say about greylisting."""

from enum import Enum

from attrs import field, frozen
from attrs.validators import ge, in_, le

from sc.store.cache import MAX_TTL


class Which(Enum):
    """Which mail of strangers has to come again."""

    ALL = "all"
    SUSPICIOUS = "suspicious"


@frozen(kw_only=True)
class GreylistSettings:
    """
    The first mail of a stranger is to come again: most programs that only send spam
    do not. At doors that face strangers, for mail from outside.

    @ivar enabled: true uses it, at SMTP doors with `position: before_queue` and at
        others with `greylist: true`.
    @ivar which: suspicious: what reaches the threshold `greylist` or a higher one;
        all: whatever its score.
    @ivar delay: seconds after the first attempt in which each further one is too early.
    @ivar window: seconds after the first attempt in which it must come again.
    @ivar lifetime: seconds for which client, sender and recipient are known together,
        from their last mail on; at most 30 days.
    @ivar ipv4_prefix: clients of one network of this size are the same.
    @ivar ipv6_prefix: the same for IPv6.
    @ivar allow_after: mails that came again until a client's network may send all mail
        of the sender's domain at once; 0: never.
    """

    enabled: bool = False
    which: Which = Which.SUSPICIOUS
    delay: float = field(default=300.0, validator=ge(1))
    window: float = field(default=86_400.0, validator=le(MAX_TTL))
    lifetime: float = field(default=30 * 86_400.0, validator=[ge(60), le(MAX_TTL)])
    ipv4_prefix: int = field(default=24, validator=in_(range(8, 33)))
    ipv6_prefix: int = field(default=64, validator=in_(range(16, 129)))
    allow_after: int = field(default=5, validator=ge(0))

    def __attrs_post_init__(self) -> None:
        if self.window < 2 * self.delay:
            raise ValueError("window must be twice the delay, or more")
