"""What one client's commands mean here: rights, routes, and one message at a time."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import field, frozen
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from sc.access import Access, Peer, Right
from sc.flow import OverloadedError
from sc.listeners.intake import Intake
from sc.listeners.smtp.bounces import Bounces
from sc.listeners.smtp.filter import Filter
from sc.listeners.smtp.report import Report
from sc.listeners.smtp.routes import choose
from sc.listeners.smtp.settings import Do, Position, SmtpSettings
from sc.metrics import Metrics
from sc.model.decision import Mode
from sc.model.envelope import Envelope, IPAddress
from sc.model.message import Message
from sc.model.octets import Octets
from sc.store.interface import StoreError
from sc.wire.smtp import Reply
from sc.wire.smtp_data import DataFault
from sc.wire.smtp_event import MessageEnded
from sc.wire.smtp_mail import Dialect

SENDER_OK = Reply(250, ("2.1.0 sender ok",))
RECIPIENT_OK = Reply(250, ("2.1.5 recipient ok",))
GO_AHEAD = Reply(354, ("end data with <CR><LF>.<CR><LF>",))
NOT_ALLOWED = Reply(550, ("5.7.1 not allowed from your address",))
ANOTHER_TIME = Reply(451, ("4.5.3 send this recipient in a transaction of its own",))
NO_ROOM = Reply(452, ("4.3.1 no room for this message now",))
OVERLOADED = Reply(451, ("4.3.2 too much mail at once, try again later",))
INTERNAL = Reply(451, ("4.3.0 internal error, try again later",))
NO_STORE = Reply(451, ("4.3.0 the store cannot be used now, come back later",))
FAULTS: Final = {
    DataFault.TOO_LARGE: Reply(552, ("5.3.4 message too large",)),
    DataFault.LINE_TOO_LONG: Reply(554, ("5.6.0 line too long",)),
}
RIGHTS: Final = {
    Do.FILTER: Right.SCAN,
    Do.REPORT: Right.REPORT,
    Do.BOUNCES: Right.REPORT,
    Do.FEEDBACK: Right.REPORT,
}


@frozen
class Door:
    """
    What all sessions of one listener share.

    @ivar name: the listener's, in logs.
    @ivar spool_dir: for messages above 1 MiB, in files without a name.
    """

    name: str
    settings: SmtpSettings
    access: Access
    filter: Filter
    report: Report
    bounces: Bounces
    feedback: Bounces
    new_id: Callable[[], str]
    hostname: str
    metrics: Metrics = field(factory=Metrics)
    spool_dir: str | None = None
    log: Logger = field(factory=lambda: Logger("sc.listeners.smtp"))


class Session:
    """The transactions of one connection, one after the other."""

    def __init__(self, door: Door, peer: Peer) -> None:
        self._door = door
        self._caller = door.access.caller(peer)
        self._client_ip = _client_ip(door.settings, peer)
        self._sender = ""
        self._recipients: list[tuple[str, Do]] = []
        self._intake: Intake | None = None

    def mail(self, sender: str) -> Reply:
        """A transaction begins."""
        self._sender = sender
        self._recipients = []
        return SENDER_OK

    def rcpt(self, recipient: str) -> Reply:
        do = choose(self._door.settings.routes, recipient)
        if not self._caller.may(RIGHTS[do]):
            self._door.metrics.refused(self._door.name, "no_right")
            self._door.log.info(
                "refused {do} at {listener} from {peer}: no right",
                do=do.value,
                listener=self._door.name,
                peer=self._caller.name,
            )
            return NOT_ALLOWED
        # SMTP has one reply at the end; it cannot be true for two treatments.
        smtp = self._door.settings.protocol is Dialect.SMTP
        if smtp and self._recipients and not self._is_like_first(recipient, do):
            return ANOTHER_TIME
        self._recipients.append((recipient, do))
        return RECIPIENT_OK

    def _is_like_first(self, recipient: str, do: Do) -> bool:
        """The first one's treatment, and if it is filtered, the first one's policy."""
        first, done = self._recipients[0]
        observing = self._door.settings.mode is Mode.OBSERVE
        if done is not do or do is not Do.FILTER or observing:
            return done is do
        flow, envelope = self._door.filter.flow, self._envelope()
        return flow.profile(envelope, recipient) == flow.profile(envelope, first)

    def data(self) -> Reply:
        settings = self._door.settings
        self._intake = Intake(settings.limits.message_size, self._door.spool_dir)
        return GO_AHEAD

    def take(self, octets: bytes) -> None:
        """Keep some octets; what cannot be kept is answered at the end."""
        if self._intake is None:
            return
        try:
            self._intake.write(octets)
        except OSError as e:
            self._cannot_keep(e)

    def close(self) -> None:
        """Drop what was kept of a message."""
        if self._intake is not None:
            self._intake.close()
            self._intake = None

    async def finish(self, ended: MessageEnded, helo: str | None) -> tuple[Reply, ...]:
        """One reply for each recipient (LMTP), or one for all of them."""
        if ended.fault is not None:
            self.close()
            return (FAULTS[ended.fault],)
        content = self._content()
        if content is None:
            return (NO_ROOM,)
        replies = await self._answer(content, helo)
        lmtp = self._door.settings.protocol is Dialect.LMTP
        return replies if lmtp else (_for_all(replies),)

    def _content(self) -> Octets | None:
        """The whole message; None if it could not be kept."""
        try:
            return None if self._intake is None else self._intake.finish()
        except OSError as e:
            self._cannot_keep(e)
            return None
        finally:
            self._intake = None

    def _cannot_keep(self, error: OSError) -> None:
        self._door.log.error("cannot keep a message: {e}", e=error)
        self.close()

    async def _answer(self, content: Octets, helo: str | None) -> tuple[Reply, ...]:
        """One reply for each recipient; what we keep is committed before a delivery."""
        replies: dict[int, Reply] = {}
        for do in (Do.BOUNCES, Do.FEEDBACK, Do.REPORT, Do.FILTER):
            places = [i for i, (_, what) in enumerate(self._recipients) if what is do]
            if places:
                message = self._message(content, places, helo)
                given = await self._treat(do, message)
                replies.update(zip(places, given, strict=True))
        return tuple(replies[i] for i in range(len(self._recipients)))

    def _message(self, content: Octets, places: list[int], helo: str | None) -> Message:
        recipients = tuple(self._recipients[i][0] for i in places)
        envelope = self._envelope(recipients, helo)
        return Message(self._door.new_id(), envelope, content, self._door.name)

    def _envelope(
        self, recipients: tuple[str, ...] = (), helo: str | None = None
    ) -> Envelope:
        return Envelope(
            sender=self._sender,
            recipients=recipients,
            client_ip=self._client_ip,
            helo=helo if self._client_ip else None,
        )

    async def _treat(self, do: Do, message: Message) -> tuple[Reply, ...]:
        """Whatever goes wrong is a 4xx: the client keeps its mail, and comes again."""
        count = len(message.envelope.recipients)
        try:
            if do is Do.FILTER:
                return await self._door.filter.answer(message)
            return (await self._take(do, message),) * count
        except CancelledError:
            raise
        except OverloadedError:
            return (OVERLOADED,) * count
        except StoreError as e:
            self._door.log.error("{id} is not taken: {e}", id=message.id, e=e)
            return (NO_STORE,) * count
        except Exception:  # noqa: BLE001 a bug of ours must not become a bounce
            self._door.log.failure("cannot answer for {id}", id=message.id)
            return (INTERNAL,) * count

    async def _take(self, do: Do, message: Message) -> Reply:
        """What goes no further has one reply for all its recipients."""
        if do is Do.BOUNCES:
            return await self._door.bounces.answer(message)
        if do is Do.FEEDBACK:
            return await self._door.feedback.answer(message)
        return await self._door.report.answer(message, self._caller.name)


def _client_ip(settings: SmtpSettings, peer: Peer) -> IPAddress | None:
    """
    The client is who connects, if we stand before the queue; an MTA on this host
    that asks us before it queues (smtpd_proxy_filter) is not the client.
    """
    if settings.position is Position.AFTER_QUEUE or peer.ip is None:
        return None
    ip = getattr(peer.ip, "ipv4_mapped", None) or peer.ip
    return None if ip.is_loopback else ip


def _for_all(replies: Sequence[Reply]) -> Reply:
    """
    SMTP's one reply: a refusal of one recipient refuses all.

    A 4xx counts first: the client comes again, and a copy is better than a loss.
    """
    transient = [r for r in replies if r.is_transient]
    refused = [r for r in replies if not r.is_positive]
    return (transient or refused or list(replies))[0]
