"""What happens on the sending side of SMTP and LMTP."""

from typing import TypeAlias

from attrs import frozen

from sc.wire.smtp import Reply


@frozen
class Progressed:
    """A reply came; more must come."""


@frozen
class TlsWanted:
    """
    The server waits for a TLS handshake. Until `tls_started` nothing is read: what a
    stranger put behind the server's 220 is not the server's (CVE-2011-0411).
    """


@frozen
class Ready:
    """The server knows us: `start` a mail."""


@frozen
class Unfit:
    """
    The server offers less than we need; nothing was sent that it should not see.

    @ivar reason: what it lacks, and which option says that we need it.
    """

    reason: str


@frozen
class Refused:
    """
    The server will not talk to us now; this says nothing about a message.

    @ivar what: that it refuses, in words.
    """

    reply: Reply
    what: str = "to talk"


@frozen
class BodyWanted:
    """354: `send_body`, then `end_body`."""


@frozen
class MailFinished:
    """@ivar replies: one for each recipient, in order."""

    replies: tuple[Reply, ...]


Event: TypeAlias = (
    Progressed | TlsWanted | Ready | Unfit | Refused | BodyWanted | MailFinished
)
