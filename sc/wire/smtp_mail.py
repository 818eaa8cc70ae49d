"""What an SMTP or LMTP client is asked to deliver, apart from its octets."""

import re
from collections.abc import Container
from enum import Enum

from attrs import frozen

from sc.wire.smtp_dsn import Dsn

# RFC 5321 4.1.2, as wide as what can stand between "<" and ">" without ending the
# path or the line. The MTA that gave us the address or takes it knows the rest.
_PATH = re.compile(r"(?:[!#-;=?-~]|\"(?:[ !#-\[\]-~]|\\[ -~])*\")*", re.ASCII)

# RFC 6531 3.3: UTF8-non-ascii as well. Without the C1 controls, the separators that
# end a line for some readers of logs, and what UTF-8 cannot hold.
_WIDE = "\u00a0-\u2027\u202a-\ud7ff\ue000-\U0010ffff"
_UTF8_PATH = re.compile(rf"(?:[!#-;=?-~{_WIDE}]|\"(?:[ !#-\[\]-~{_WIDE}]|\\[ -~])*\")*")

MAX_PATH = 2000
"""Octets. RFC 5321 4.5.3.1.3 says 256; what our own door let in (2048 a command line)
must be able to leave, and the next host judges it."""


def check_path(path: str, *, utf8: bool = False) -> None:
    """
    @raise ValueError: not an address that can stand in a command.
    """
    if len(path.encode("utf-8", "replace")) > MAX_PATH:
        raise ValueError(f"address over {MAX_PATH} octets")
    if not (_UTF8_PATH if utf8 else _PATH).fullmatch(path):
        raise ValueError(f"not an address: {path!r}")


class Dialect(Enum):
    SMTP = "smtp"
    LMTP = "lmtp"


@frozen
class OutgoingMail:
    """
    @ivar size: octets of the message with CRLF line ends, not dot-stuffed.
    @ivar eight_bit: octets above 127 are among them.
    @ivar utf8: RFC 6531: its header needs SMTPUTF8; an address may need it, too.
    """

    sender: str
    recipients: tuple[str, ...]
    size: int
    eight_bit: bool
    utf8: bool = False
    dsn: Dsn = Dsn()

    def __attrs_post_init__(self) -> None:
        if not all(self.recipients):
            raise ValueError("a recipient without an address")
        for path in (self.sender, *self.recipients):
            check_path(path, utf8=True)
        if len(self.dsn.recipients) not in (0, len(self.recipients)):
            raise ValueError("not one DSN request for each recipient")

    @property
    def needs_utf8(self) -> bool:
        paths = (self.sender, *self.recipients)
        return self.utf8 or not all(path.isascii() for path in paths)

    def mail_command(self, extensions: Container[str]) -> str:
        """MAIL, with the parameters that the server offers and the mail needs."""
        command = f"MAIL FROM:<{self.sender}>"
        if "SIZE" in extensions:
            command += f" SIZE={self.size}"
        if self.eight_bit:
            command += " BODY=8BITMIME"
        if self.needs_utf8:
            command += " SMTPUTF8"
        return command + (self.dsn.parameters() if "DSN" in extensions else "")

    def rcpt_command(self, n: int, extensions: Container[str]) -> str:
        command = f"RCPT TO:<{self.recipients[n]}>"
        if "DSN" in extensions and self.dsn.recipients:
            command += self.dsn.recipients[n].parameters()
        return command
