"""Hand one message to an SMTP or LMTP server, with an answer for each recipient.

Serves the outbox and, as the next hop, the LMTP and SMTP doors.
"""

from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_address

from attrs import Attribute, Factory, field, frozen, validators
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
    connectProtocol,
)
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import (
    IReactorCore,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure

from sc.model.octets import Octets
from sc.net.relay_connection import RelayConnection
from sc.net.relay_error import RelayError
from sc.net.relay_secrets import credentials
from sc.net.relay_settings import RelaySettings, host_and_port
from sc.net.relay_tls import Trust
from sc.wire.smtp import Reply
from sc.wire.smtp_client import (
    BodyWanted,
    MailFinished,
    Ready,
    Refused,
    SmtpClient,
    TlsWanted,
    Unfit,
)
from sc.wire.smtp_dsn import Dsn
from sc.wire.smtp_mail import OutgoingMail, check_path
from sc.wire.smtp_opening import Tls
from sc.wire.smtp_replies import ProtocolError, one_line

__all__ = ["Delivery", "Relay", "RelayError", "RelaySettings", "relay_endpoint"]

CHUNK = 64 * 1024
"""Octets of body handed to the transport at a time: its own buffer's size."""


def _check_helo(_: object, __: "Attribute[str]", helo: str) -> None:
    if not helo:
        raise ValueError("no name to introduce ourselves with")
    check_path(helo)


def relay_endpoint(
    settings: RelaySettings, reactor: IReactorCore
) -> IStreamClientEndpoint:
    """The endpoint of `settings.server`; a name is looked up at each connection."""
    server, timeout = settings.server, settings.connect_timeout
    if server.startswith("/"):
        return UNIXClientEndpoint(reactor, server, timeout)
    host, port = host_and_port(server)
    try:
        version = ip_address(host).version
    except ValueError:
        return HostnameEndpoint(reactor, host, port, timeout)
    if version == 4:
        return TCP4ClientEndpoint(reactor, host, port, timeout)
    return TCP6ClientEndpoint(reactor, host, port, timeout)


@frozen
class Delivery:
    """
    A message and whom it is for.

    @ivar sender: reverse-path without brackets; "" is the null sender.
    @ivar header: octets before the body; may be all that is new about a message.
    @ivar body: sent from `body_offset` on, never copied as a whole.
    @ivar utf8: the header needs SMTPUTF8 (RFC 6531); an address may need it, too.
    @ivar dsn: what is asked of bounces, where the server takes it (RFC 3461).
    """

    sender: str
    recipients: tuple[str, ...] = field(validator=validators.min_len(1))
    header: bytes = field(repr=False)
    body: Octets = field(repr=False)
    body_offset: int = 0
    utf8: bool = False
    dsn: Dsn = Dsn()

    def chunks(self) -> Iterator[bytes]:
        if self.header:
            yield self.header
        for start in range(self.body_offset, len(self.body), CHUNK):
            yield self.body[start : start + CHUNK]

    def outgoing(self) -> OutgoingMail:
        """
        @raise ValueError: an address that cannot stand in a command.
        """
        return OutgoingMail(
            sender=self.sender,
            recipients=self.recipients,
            size=len(self.header) + len(self.body) - self.body_offset,
            eight_bit=not all(chunk.isascii() for chunk in self.chunks()),
            utf8=self.utf8,
            dsn=self.dsn,
        )


BeforeDot = Callable[[], Awaitable[None]]


def _trust(relay: "Relay") -> Trust:
    return Trust(relay.settings)


@frozen
class Relay:
    """@ivar helo: the name by which we introduce ourselves."""

    settings: RelaySettings
    endpoint: IStreamClientEndpoint
    clock: IReactorTime
    helo: str = field(validator=_check_helo)
    _trust: Trust = field(init=False, default=Factory(_trust, takes_self=True))

    async def deliver(
        self, delivery: Delivery, before_dot: BeforeDot | None = None
    ) -> tuple[Reply, ...]:
        """
        One reply for each recipient, in order: the server's, or ours where the
        server has already said that it could not take such a message.

        `before_dot` is awaited when all but the final dot is on its way. If it
        raises, the message is not delivered.

        @raise RelayError: no answer, or none about this message.
        @raise ValueError: an address that cannot stand in a command.
        """
        mail = delivery.outgoing()
        connection = await self._connect()
        try:
            await self._open(connection)
            refusal = connection.codec.refusal(mail)
            if refusal is not None:
                replies = (refusal,) * len(mail.recipients)
            else:
                connection.start(mail)
                replies = await self._finish(connection, delivery, before_dot)
            await connection.quit()
        except ProtocolError as e:
            raise connection.failure(str(e)) from e
        finally:
            await connection.abort()
        return replies

    async def _connect(self) -> RelayConnection:
        settings, login = self.settings, credentials(self.settings)
        codec = SmtpClient(self.helo, settings.protocol, settings.security, login)
        connection = RelayConnection(codec, self.clock)
        connecting = connectProtocol(self.endpoint, connection)
        connecting.addTimeout(self.settings.connect_timeout, self.clock, _late)
        return await _connected(connecting)

    async def _open(self, connection: RelayConnection) -> None:
        """From the first octet until the server takes mail."""
        if self.settings.security is Tls.IMPLICIT:
            await self._start_tls(connection)
        event = await connection.answer(self.settings.reply_timeout)
        if isinstance(event, TlsWanted):
            await self._start_tls(connection)
            event = await connection.answer(self.settings.reply_timeout)
        if isinstance(event, Unfit):
            raise RelayError(event.reason)
        if isinstance(event, Refused):
            raise _refusal(connection, event)
        assert isinstance(event, Ready)

    async def _start_tls(self, connection: RelayConnection) -> None:
        timeout = self.settings.reply_timeout
        await connection.start_tls(self._trust.handshake(), timeout)

    async def _finish(
        self,
        connection: RelayConnection,
        delivery: Delivery,
        before_dot: BeforeDot | None,
    ) -> tuple[Reply, ...]:
        event = await connection.answer(self.settings.reply_timeout)
        if isinstance(event, BodyWanted):
            await self._send(connection, delivery)
            if before_dot is not None and not connection.answered:
                await before_dot()
            if not connection.answered:
                connection.check()
                connection.end_body()
            event = await connection.answer(self.settings.final_timeout)
        if isinstance(event, Refused):
            raise _refusal(connection, event)
        assert isinstance(event, MailFinished)
        return event.replies

    async def _send(self, connection: RelayConnection, delivery: Delivery) -> None:
        for chunk in delivery.chunks():
            if connection.answered:  # refused before it is whole
                return
            await connection.send_body(chunk, self.settings.body_timeout)


async def _connected(connecting: Deferred[RelayConnection]) -> RelayConnection:
    try:
        return await connecting
    except ConnectingCancelledError as e:  # the endpoints' own word for it
        raise CancelledError from e
    except (ConnectError, OSError) as e:  # a name without address is an OSError
        raise RelayError(f"cannot connect: {e}") from e


def _refusal(connection: RelayConnection, event: Refused) -> RelayError:
    return connection.failure(f"refuses {event.what}: {one_line(event.reply)}")


def _late(result: object, timeout: float) -> object:
    if isinstance(result, Failure):
        raise RelayError(f"no connection within {timeout:g} s")
    return result
