"""An LMTP or SMTP door over a stub flow and a next hop that says what a test wants."""

from collections.abc import Mapping

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock, deferLater
from twisted.logger import ILogObserver, LogEvent
from zope.interface import implementer

from sc.access import Access, AccessSettings
from sc.flow import Flow
from sc.listeners.smtp.bounces import Bounces, Taking
from sc.listeners.smtp.filter import Filter, NextHop
from sc.listeners.smtp.packing import Packing
from sc.listeners.smtp.report import Report
from sc.listeners.smtp.session import Door
from sc.listeners.smtp.settings import SmtpLimits, SmtpSettings
from sc.model.message import Message
from sc.net.relay import Delivery
from sc.offload import Offload
from sc.scan.headers import rewritten
from sc.wire.smtp import Reply
from sc.wire.smtp_mail import Dialect
from tests.fakes.flow import stub_flow
from tests.fakes.inline_threads import INLINE

TAKEN = Reply(250, ("2.0.0 taken",))


@define
class FakeNextHop:
    """
    @ivar replies: by recipient; `TAKEN` for everybody else.
    @ivar error: raised instead.
    @ivar delay: seconds of `clock` before the answer.
    @ivar delivered: what it was given, in order.
    """

    replies: Mapping[str, Reply] = field(factory=dict)
    error: Exception | None = None
    clock: IReactorTime = field(factory=Clock)
    delay: float | None = None
    delivered: list[Delivery] = field(factory=list)

    async def deliver(self, delivery: Delivery) -> tuple[Reply, ...]:
        self.delivered.append(delivery)
        if self.delay is not None:
            await deferLater(self.clock, self.delay)
        if self.error is not None:
            raise self.error
        return tuple(self.replies.get(r, TAKEN) for r in delivery.recipients)


@define
class FakeTaking:
    """
    @ivar error: raised instead.
    @ivar taken: what came back, in order.
    """

    error: Exception | None = None
    taken: list[Message] = field(factory=list)

    async def take(self, message: Message) -> None:
        self.taken.append(message)
        if self.error is not None:
            raise self.error


@implementer(ILogObserver)
@define
class Heard:
    """@ivar events: what the door logged."""

    events: list[LogEvent] = field(factory=list)

    def __call__(self, event: LogEvent) -> None:
        self.events.append(event)


def octets(delivery: Delivery) -> bytes:
    """The whole message that was handed on."""
    return b"".join(delivery.chunks())


def settings(protocol: str = "lmtp", **options: object) -> SmtpSettings:
    limits = options.pop("limits", SmtpLimits())
    return SmtpSettings(Dialect(protocol), limits=limits, **options)  # type: ignore[arg-type]  # each test names what it sets


def door(
    given: SmtpSettings,
    flow: Flow | None = None,
    next_hop: NextHop | None = None,
    *,
    access: AccessSettings = AccessSettings(),  # noqa: B008 frozen
    quarantine_address: str | None = None,
    spool_dir: str | None = None,
    taking: Taking | None = None,
    feedback: Taking | None = None,
    offload: Offload = INLINE,
) -> Door:
    """Everything that is not said is the default."""
    flow = flow or stub_flow()
    packing = Packing(rewritten, "mx.example.org")
    return Door(
        name="door",
        settings=given,
        access=Access(access),
        filter=Filter(flow, given, packing, offload, next_hop, quarantine_address),
        report=Report(flow),
        bounces=Bounces(taking or FakeTaking()),
        feedback=Bounces(feedback or FakeTaking()),
        new_id=flow.new_id,
        hostname="mx.example.org",
        metrics=flow.metrics,
        spool_dir=spool_dir,
    )
