"""The receiving side of SMTP and LMTP as a machine without I/O (RFC 5321, RFC 2033).

Octets in, events out, replies back, in order: no event follows before the last one is
answered, so that pipelined commands (RFC 2920) cannot overtake a message that is
still being scanned.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeAlias

from sc.wire.smtp import Reply
from sc.wire.smtp_command import CommandError, parse_command, parse_mail, parse_rcpt
from sc.wire.smtp_data import DataReader
from sc.wire.smtp_event import (
    DataAsked,
    DataReceived,
    Event,
    MailGiven,
    MessageEnded,
    RcptGiven,
    ServerLimits,
)
from sc.wire.smtp_mail import Dialect

COMMAND_LINE = 2048
"""Octets of a command line. RFC 5321 asks for 512 and more with every extension
(ORCPT and ENVID take 500 each); 2048 is Postfix's line_length_limit."""

CLOSING_VERBS = frozenset({"BDAT", "CONNECT", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
"""What follows them is no command: an unoffered chunk, or a web page that makes a
browser speak to us. To go on would let its author write our commands."""


Verbs: TypeAlias = Mapping[str, Callable[["SmtpServer", str], Event | None]]


class SmtpServer:
    """
    One connection.

    @ivar helo: the name that the client gave itself; None before it did.
    @ivar closing: nothing more is read; send what is to be sent, then close.
    @ivar receiving: between a 354 and the end of data.
    """

    def __init__(self, dialect: Dialect, hostname: str, limits: ServerLimits) -> None:
        self._lmtp = dialect is Dialect.LMTP
        self._verbs = self._LMTP_VERBS if self._lmtp else self._SMTP_VERBS
        self._hostname = hostname
        self._limits = limits
        self._buffer = b""
        self._position = 0
        self._overlong = False
        self._output: list[bytes] = []
        self._unanswered: Event | None = None
        self._reader: DataReader | None = None
        self._in_transaction = False
        self._recipients = 0
        self._errors = 0
        self.helo: str | None = None
        self.closing = False

    @property
    def receiving(self) -> bool:
        return self._reader is not None and self._unanswered is None

    @property
    def buffered(self) -> int:
        """Octets received and not yet looked at."""
        return len(self._buffer) - self._position

    def open(self) -> None:
        """Greet the client."""
        self._say(220, f"{self._hostname} {'LMTP' if self._lmtp else 'ESMTP'} sc")

    def receive_data(self, octets: bytes) -> None:
        if not self.closing:
            self._buffer = self._take_buffer() + octets

    def next_event(self) -> Event | None:
        """None: give more octets, or answer the last event, or it is over."""
        event: Event | None = None
        while event is None and self._unanswered is None and not self.closing:
            if self._reader is not None:
                event = self._read_data(self._reader)
                break
            line = self._next_line()
            if line is None:
                break
            event = self._obey(line)
        if event is not None and not isinstance(event, DataReceived):
            self._unanswered = event
        return event

    def answer(self, *replies: Reply) -> None:
        """Answer the last event."""
        event, self._unanswered = self._unanswered, None
        positive = replies[0].is_positive
        if isinstance(event, MailGiven):
            self._in_transaction = positive
        elif isinstance(event, RcptGiven):
            self._recipients += positive
        elif isinstance(event, DataAsked):
            self._start_data(positive=positive)
        elif isinstance(event, MessageEnded):
            replies = self._for_recipients(replies)
            self._reset()
        else:
            raise AssertionError("nothing to answer")
        self._output.extend(reply.encode() for reply in replies)

    def close(self, reply: Reply | None = None) -> None:
        """Say goodbye; nothing is read any more."""
        if reply is not None and not self.closing:
            self._output.append(reply.encode())
        self.closing = True
        self._take_buffer()

    def data_to_send(self) -> bytes:
        """What to write now; taken by the call."""
        octets = b"".join(self._output)
        self._output.clear()
        return octets

    # -- octets to lines and data

    def _take_buffer(self) -> bytes:
        octets, self._buffer = self._buffer[self._position :], b""
        self._position = 0
        return octets

    def _next_line(self) -> bytes | None:
        """A command line without CRLF; a bare CR or LF does not end it."""
        end = self._buffer.find(b"\r\n", self._position)
        if end < 0:
            self._bound_line()
            return None
        line = self._buffer[self._position : end]
        self._position = end + 2
        return line

    def _bound_line(self) -> None:
        """Of a line that is too long, only what may be its last CR is kept."""
        if self.buffered >= COMMAND_LINE:
            self._overlong = True
            self._buffer = self._take_buffer()[-1:]

    def _read_data(self, reader: DataReader) -> Event | None:
        if not reader.ended:
            octets, self._buffer = reader.feed(self._take_buffer())
            if octets:
                return DataReceived(octets)
        if not reader.ended:
            return None
        return MessageEnded(reader.size, reader.fault)

    def _start_data(self, *, positive: bool) -> None:
        if positive:
            limits = self._limits
            self._reader = DataReader(limits.max_message, limits.max_line)

    def _for_recipients(self, replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
        expected = self._recipients if self._lmtp else 1
        if len(replies) == 1:
            return replies * expected
        assert len(replies) == expected, "a reply for each recipient"
        return replies

    def _reset(self) -> None:
        self._reader = None
        self._in_transaction = False
        self._recipients = 0

    # -- commands

    def _obey(self, line: bytes) -> Event | None:
        overlong, self._overlong = self._overlong, False
        try:
            if overlong or len(line) + 2 > COMMAND_LINE:
                raise CommandError(500, "5.5.2 line too long")
            command = parse_command(line)
            if command.verb in CLOSING_VERBS:
                self.close(Reply(500, ("5.5.1 not a mail client",)))
                return None
            verb = self._verbs.get(command.verb, SmtpServer._unknown)
            return verb(self, command.argument)
        except CommandError as e:
            self._refuse(e.reply)
            return None

    def _say(self, code: int, *lines: str) -> None:
        self._output.append(Reply(code, lines).encode())

    def _refuse(self, reply: Reply) -> None:
        self._output.append(reply.encode())
        self._errors += 1
        if self._errors >= self._limits.max_errors:
            self.close(Reply(421, ("4.7.0 too many errors",)))

    def _unknown(self, _argument: str) -> None:
        raise CommandError(500, "5.5.2 unknown command")

    def _not_implemented(self, _argument: str) -> None:
        raise CommandError(502, "5.5.1 not implemented")

    def _helo(self, name: str) -> None:
        self._greet(name)
        self._say(250, self._hostname)

    def _ehlo(self, name: str) -> None:
        self._greet(name)
        self._say(
            250,
            self._hostname,
            "PIPELINING",
            "8BITMIME",
            f"SIZE {self._limits.max_message}",
            "ENHANCEDSTATUSCODES",
        )

    def _greet(self, name: str) -> None:
        """Any name will do: who refuses odd ones is passed by, unscanned."""
        if not name:
            raise CommandError(501, "5.5.4 your name expected")
        self.helo = name
        self._reset()  # RFC 5321 4.1.4: as if RSET had been given

    def _mail(self, argument: str) -> MailGiven:
        if self.helo is None:
            raise CommandError(503, "5.5.1 say hello first")
        if self._in_transaction:
            raise CommandError(503, "5.5.1 one sender at a time")
        return MailGiven(parse_mail(argument, self._limits.max_message))

    def _rcpt(self, argument: str) -> RcptGiven | None:
        if not self._in_transaction:
            raise CommandError(503, "5.5.1 MAIL first")
        recipient = parse_rcpt(argument)
        if self._recipients >= self._limits.max_recipients:
            # RFC 5321 4.5.3.1.10: the client sends the rest in another transaction,
            # so this is no error of its.
            self._say(452, "4.5.3 too many recipients")
            return None
        return RcptGiven(recipient)

    def _data(self, argument: str) -> DataAsked:
        if argument:
            raise CommandError(501, "5.5.4 DATA takes no argument")
        if not self._recipients:
            raise CommandError(503, "5.5.1 no valid recipient")
        return DataAsked()

    def _rset(self, _argument: str) -> None:
        self._reset()
        self._say(250, "2.0.0 ok")

    def _quit(self, _argument: str) -> None:
        self.close(Reply(221, ("2.0.0 bye",)))

    def _noop(self, _argument: str) -> None:
        self._say(250, "2.0.0 ok")

    def _vrfy(self, _argument: str) -> None:
        self._say(252, "2.0.0 not verified, send mail")

    def _help(self, _argument: str) -> None:
        self._say(214, "2.0.0 see RFC 5321")

    _VERBS: ClassVar[Verbs] = {
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
        "VRFY": _vrfy,
        "HELP": _help,
        "EXPN": _not_implemented,
        "AUTH": _not_implemented,
        "STARTTLS": _not_implemented,
    }
    # RFC 2033 4.1: an LMTP server must not take HELO or EHLO, nor an SMTP one LHLO.
    _LMTP_VERBS: ClassVar[Verbs] = {**_VERBS, "LHLO": _ehlo}
    _SMTP_VERBS: ClassVar[Verbs] = {**_VERBS, "HELO": _helo, "EHLO": _ehlo}
