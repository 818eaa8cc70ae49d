"""What the SMTP server and client codecs share: replies and their limits."""

import re

from attrs import field, frozen

_UNSAFE = re.compile(r"[^\x20-\x7e]")

REPLY_LINE = 512
"""RFC 5321 4.5.3.1.5: octets of a reply line, code and CRLF included."""


def _clean(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A stranger's text must not end our line or start another reply."""
    return tuple(_UNSAFE.sub("?", line)[: REPLY_LINE - 6] for line in lines)


@frozen
class Reply:
    """
    RFC 5321 4.2, with the enhanced code of RFC 2034 at the start of each line.

    @ivar code: 200 to 599.
    @ivar lines: at least one; printable ASCII.
    """

    code: int
    lines: tuple[str, ...] = field(converter=_clean)

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 400

    @property
    def is_transient(self) -> bool:
        return 400 <= self.code < 500

    def encode(self) -> bytes:
        *first, last = self.lines
        text = "".join(f"{self.code}-{line}\r\n" for line in first)
        return f"{text}{self.code} {last}\r\n".encode("ascii")
