"""A relay that takes mail over SMTP or LMTP, refuses what it is told to, and fails."""

from collections.abc import Mapping
from typing import cast

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ITLSTransport

from tests.fakes.certificates import ServerTls
from tests.fakes.faults import Fault, FaultyProtocol

PIPELINING = ("PIPELINING", "8BITMIME", "SIZE 1000000")


@frozen
class Script:
    """
    @ivar replies: command ("greeting", "EHLO", "RCPT TO:<a@b>", "DATA", ".", ". 2")
        to the whole reply, in place of the usual one.
    @ivar fault: what happens in place of the reply to `fault_at`.
    @ivar tls: what STARTTLS begins; with `implicit` every connection does.
    """

    extensions: tuple[str, ...] = PIPELINING
    replies: Mapping[str, bytes] = field(factory=dict)
    fault: Fault | None = None
    fault_at: str = "."
    tls: ServerTls | None = None
    implicit: bool = False


@define
class TakenMail:
    sender: str
    recipients: list[str] = field(factory=list)
    wire: bytes = b""
    ended: bool = False


class FakeRelay(FaultyProtocol):
    """
    @ivar commands: as they came.
    @ivar chunks: the octets of each read, to see what was pipelined.
    @ivar mails: with their data as on the wire, final dot included.
    @ivar faulted: fires when the fault happens.
    @ivar secured_at: how many commands came in clear; None: all.
    """

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script
        self.commands: list[str] = []
        self.chunks: list[bytes] = []
        self.mails: list[TakenMail] = []
        self.faulted: Deferred[None] = Deferred()
        self.secured_at: int | None = None
        self._buffer = b""
        self._lmtp = self._in_data = False

    def connectionMade(self) -> None:
        if self.script.implicit:
            self._start_tls()
        self._say("greeting", b"220 fake ready\r\n")

    def dataReceived(self, data: bytes) -> None:
        self.chunks.append(data)
        self._buffer += data
        while self._in_data or b"\r\n" in self._buffer:
            if self._in_data:
                if not self._take_data():
                    return
            else:
                line, _, self._buffer = self._buffer.partition(b"\r\n")
                self._command(line.decode("ascii"))

    def _take_data(self) -> bool:
        mail = self.mails[-1]
        mail.wire, self._buffer = mail.wire + self._buffer, b""
        # The CRLF before the dot may be the one that ends DATA itself.
        end = (b"\r\n" + mail.wire).find(b"\r\n.\r\n")
        if end < 0:
            return False
        mail.wire, self._buffer = mail.wire[: end + 3], mail.wire[end + 3 :]
        mail.ended, self._in_data = True, False
        for n in range(len(mail.recipients) if self._lmtp else 1):
            self._say("." if n == 0 else f". {n + 1}", b"250 2.0.0 taken\r\n")
        return True

    def _command(self, line: str) -> None:
        self.commands.append(line)
        verb = line[:4].upper()
        if verb in ("EHLO", "LHLO"):
            self._lmtp = verb == "LHLO"
            words = ("fake", *self.script.extensions)
            more = "".join(f"250-{word}\r\n" for word in words[:-1])
            self._say(verb, f"{more}250 {words[-1]}\r\n".encode())
        elif verb == "MAIL":
            self.mails.append(TakenMail(line))
            self._say("MAIL", b"250 2.1.0 ok\r\n")
        elif verb == "RCPT":
            if self._say(line, b"250 2.1.5 ok\r\n").startswith(b"2"):
                self.mails[-1].recipients.append(line)
        elif verb == "STAR":
            if self._say("STARTTLS", b"220 go on\r\n").startswith(b"220"):
                self._start_tls()
        elif verb == "AUTH":
            self._say("AUTH", b"235 2.7.0 welcome\r\n")
        elif verb == "DATA":
            self._in_data = self._say("DATA", b"354 go on\r\n").startswith(b"354")
        else:
            self._say(verb, b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")

    def _start_tls(self) -> None:
        self.secured_at = len(self.commands)
        if self.script.tls is not None:
            cast(ITLSTransport, self.transport).startTLS(self.script.tls)

    def _say(self, key: str, usual: bytes) -> bytes:
        reply = self.script.replies.get(key, usual)
        if self.script.fault is not None and key.startswith(self.script.fault_at):
            self.fault = self.script.fault
            if not self.faulted.called:
                self.faulted.callback(None)
        self.answer(reply, close=False)
        return reply
