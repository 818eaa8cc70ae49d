"""The client's side of SMTP (RFC 5321) and LMTP (RFC 2033), without I/O.

One message a connection. DATA is never sent before the recipients are answered: a
server that says 354 although it refused them all (RFC 2920 3.1) would be owed a body.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import define, field

from sc.wire.dots import DotStuffer
from sc.wire.smtp import Reply
from sc.wire.smtp_auth import Credentials
from sc.wire.smtp_client_event import (
    BodyWanted,
    Event,
    MailFinished,
    Progressed,
    Ready,
    Refused,
    TlsWanted,
    Unfit,
)
from sc.wire.smtp_mail import Dialect, OutgoingMail, check_path
from sc.wire.smtp_opening import Opening, Tls
from sc.wire.smtp_replies import ProtocolError, ReplyReader

__all__ = [
    "BodyWanted",
    "Event",
    "MailFinished",
    "Progressed",
    "Ready",
    "Refused",
    "SmtpClient",
    "TlsWanted",
    "Unfit",
]

AS_WE_ARE = "mail without TLS or a user (see tls, user and password_file)"

_Step: TypeAlias = Callable[[Reply], Event]


@define
class _Transaction:
    """One message under way. @ivar results: what is known for each recipient."""

    mail: OutgoingMail
    results: list[Reply | None]
    stuffer: DotStuffer = field(factory=DotStuffer)

    def waiting(self) -> list[int]:
        return [n for n, result in enumerate(self.results) if result is None]

    def finish(self, rest: Reply) -> MailFinished:
        self.results = [result or rest for result in self.results]
        return self.finished()

    def finished(self) -> MailFinished:
        return MailFinished(tuple(r for r in self.results if r is not None))


class SmtpClient:
    """
    Call `receive_data`, and send what `data_to_send` returns after each call.

    With `Tls.IMPLICIT` it begins with `tls_started`. `credentials` are used within TLS
    only.
    """

    def __init__(
        self,
        helo: str,
        dialect: Dialect,
        tls: Tls = Tls.OFF,
        credentials: Credentials | None = None,
    ) -> None:
        check_path(helo)
        self._opening = Opening(helo, dialect, tls, credentials)
        self._dialect = dialect
        self._reader = ReplyReader()
        self._out = bytearray()
        self._commands: deque[tuple[str, _Step]] = deque()
        self._awaiting: deque[_Step] = deque([self._opening_answered])
        self._mail: _Transaction | None = None
        self._ready = self._in_body = self._ended = self._over = False

    @property
    def extensions(self) -> Mapping[str, str]:
        """Upper-case keyword to parameters, from the last answer to EHLO."""
        return self._opening.extensions

    @property
    def dot_sent(self) -> bool:
        """From now on the server may have taken the message, answer or not."""
        return self._ended

    @property
    def results(self) -> tuple[Reply | None, ...]:
        """What is known so far for each recipient."""
        return tuple(self._mail.results) if self._mail else ()

    def data_to_send(self) -> bytes:
        data, self._out = bytes(self._out), bytearray()
        return data

    def receive_data(self, data: bytes) -> list[Event]:
        """
        One event for each complete reply; nothing after the conversation is over.

        @raise ProtocolError: the server talks out of turn, or nonsense.
        """
        events: list[Event] = []
        deaf = self._over or self._opening.tls_wanted
        for reply in self._reader.receive_data(b"" if deaf else data):
            event = self._take(reply)
            events.append(event)
            self._send_commands()
            if isinstance(event, (Unfit, Refused, MailFinished)):
                self._over = True
                break
            if isinstance(event, TlsWanted):
                # RFC 3207 4.2: what came with the 220 was said in clear, by anybody.
                self._reader = ReplyReader()
                break
        return events

    def tls_started(self) -> None:
        """
        The handshake is done, and the server is who it should be.

        @raise ProtocolError: no handshake was wanted.
        """
        if not self._opening.tls_wanted or self._over:
            raise ProtocolError("no TLS is wanted now")
        self._send_opening(self._opening.tls_started())
        self._send_commands()

    def refusal(self, mail: OutgoingMail) -> Reply | None:
        """What this server must answer to such a message, without asking it."""
        limit = self.extensions.get("SIZE", "")
        # RFC 1870 4: 0, or no number, is no limit.
        if limit.isdigit() and len(limit) <= 20 and 0 < int(limit) < mail.size:
            return Reply(552, ("5.3.4 message too large for the next host",))
        if mail.eight_bit and "8BITMIME" not in self.extensions:
            # RFC 6152 3: to convert would break signatures; to pass it on is wrong.
            return Reply(554, ("5.6.3 the next host takes no 8-bit messages",))
        if mail.needs_utf8 and "SMTPUTF8" not in self.extensions:  # RFC 6531 3.5
            return Reply(553, ("5.6.7 the next host takes no SMTPUTF8 messages",))
        return None

    def start(self, mail: OutgoingMail) -> None:
        """
        @raise ProtocolError: not `Ready`, or a mail was started before.
        """
        if not self._ready or self._mail or self._over:
            raise ProtocolError("no mail can start now")
        if mail.needs_utf8 and "SMTPUTF8" not in self.extensions:
            raise ProtocolError("the server takes no SMTPUTF8")
        self._mail = _Transaction(mail, [None] * len(mail.recipients))
        command = mail.mail_command(self.extensions)
        self._commands.append((command, self._mail_answered))
        for n in range(len(mail.recipients)):
            command = mail.rcpt_command(n, self.extensions)
            self._commands.append((command, self._recipient_step(n)))
        self._send_commands()

    def send_body(self, chunk: bytes) -> None:
        """
        @raise ProtocolError: no body is wanted, or no longer.
        """
        self._out += self._body().stuffer.stuff(chunk)

    def end_body(self) -> None:
        """
        The final dot.

        @raise ProtocolError: no body is wanted, or no longer.
        """
        transaction = self._body()
        self._out += transaction.stuffer.end() + b".\r\n"
        self._in_body, self._ended = False, True
        if self._dialect is Dialect.SMTP:
            self._awaiting.append(self._all_answered)
        else:  # RFC 2033 4.2: one for each RCPT that succeeded, in order
            self._awaiting += [self._final_step(n) for n in transaction.waiting()]

    def quit(self) -> None:
        """Leave; whatever still comes is ignored."""
        self._over = True
        self._out += b"QUIT\r\n"

    def _body(self) -> _Transaction:
        if self._mail is None or not self._in_body or self._over:
            raise ProtocolError("no body is wanted now")
        return self._mail

    def _send_commands(self) -> None:
        while self._commands and (
            "PIPELINING" in self.extensions or not self._awaiting
        ):
            line, step = self._commands.popleft()
            self._out += f"{line}\r\n".encode()
            self._awaiting.append(step)

    def _take(self, reply: Reply) -> Event:
        if reply.code == 421:  # RFC 5321 3.8: at any time; the server leaves
            self._commands.clear()
            return self._mail.finish(reply) if self._mail else Refused(reply)
        if not self._awaiting:
            return self._answered_early(reply)
        if reply.code == 530 and self._mail and not self._ended:
            # RFC 3207 4, 4954 6: our settings are wrong, not this message.
            return Refused(reply, AS_WE_ARE)
        expecting = (self._data_answered, self._opening_answered)
        if reply.code // 100 == 3 and self._awaiting[0] not in expecting:
            raise ProtocolError(f"{reply.code} out of turn")
        return self._awaiting.popleft()(reply)

    def _answered_early(self, reply: Reply) -> Event:
        # Some servers refuse in the middle of the body. There is no way to end it
        # then but to leave; a success before the end would be a lie.
        if self._mail is None or not self._in_body or reply.code < 400:
            raise ProtocolError("a reply that nobody asked for")
        return self._mail.finish(reply)

    def _opening_answered(self, reply: Reply) -> Event:
        event, line = self._opening.take(reply)
        self._send_opening(line)
        self._ready = isinstance(event, Ready)
        return event

    def _send_opening(self, line: str) -> None:
        if line:
            self._commands.append((line, self._opening_answered))

    def _mail_answered(self, reply: Reply) -> Event:
        assert self._mail is not None
        if not reply.is_positive:
            self._commands.clear()
            self._mail.results = [reply] * len(self._mail.results)
        return self._after_envelope()

    def _recipient_step(self, n: int) -> _Step:
        def answered(reply: Reply) -> Event:
            assert self._mail is not None
            if not reply.is_positive and self._mail.results[n] is None:
                self._mail.results[n] = reply
            return self._after_envelope()

        return answered

    def _after_envelope(self) -> Event:
        assert self._mail is not None
        if self._awaiting or self._commands:
            return Progressed()
        if not self._mail.waiting():
            return self._mail.finished()
        self._commands.append(("DATA", self._data_answered))
        return Progressed()

    def _data_answered(self, reply: Reply) -> Event:
        assert self._mail is not None
        if reply.code >= 400:
            return self._mail.finish(reply)
        if reply.code != 354:
            raise ProtocolError(f"{reply.code} to DATA")
        self._in_body = True
        return BodyWanted()

    def _all_answered(self, reply: Reply) -> Event:
        assert self._mail is not None
        return self._mail.finish(reply)

    def _final_step(self, n: int) -> _Step:
        def answered(reply: Reply) -> Event:
            assert self._mail is not None
            self._mail.results[n] = reply
            if self._mail.waiting():
                return Progressed()
            return self._mail.finished()

        return answered
