"""What happens on the receiving side of SMTP and LMTP, and within which limits."""

from typing import TypeAlias

from attrs import frozen

from sc.wire.smtp_data import DataFault


@frozen
class ServerLimits:
    """
    @ivar max_message: octets of one message; announced by SIZE.
    @ivar max_line: octets of one line after DATA. RFC 5321 says 998, real mail has
        whole HTML pages on a line.
    @ivar max_recipients: of one message; RFC 5321 4.5.3.1.8 asks for 100.
    @ivar max_errors: commands of one connection that break the protocol.
    """

    max_message: int = 64 * 1024 * 1024
    max_line: int = 512 * 1024
    max_recipients: int = 1000
    max_errors: int = 20


@frozen
class MailGiven:
    """MAIL, in order and well formed. Answer with one reply."""

    sender: str


@frozen
class RcptGiven:
    """RCPT within a transaction and the limit. Answer with one reply."""

    recipient: str


@frozen
class DataAsked:
    """DATA, with a recipient. Answer with one reply, 354 to let it come."""


@frozen
class DataReceived:
    """Some octets of the message, dot-stuffing removed. Has no answer."""

    octets: bytes


@frozen
class MessageEnded:
    """
    The end of data. Answer with a reply for each accepted recipient in their order
    (LMTP), or with one for all of them.

    @ivar fault: the message is not whole: what arrived after the fault was dropped.
    """

    size: int
    fault: DataFault | None = None


Event: TypeAlias = MailGiven | RcptGiven | DataAsked | DataReceived | MessageEnded
