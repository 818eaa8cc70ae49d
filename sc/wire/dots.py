"""Text on its way out as SMTP mail data: dot-stuffing, and CRLF alone ends a line.

RFC 5321 4.5.2 and 2.3.8. This is the only place where text that a stranger wrote
becomes commands' neighbour: a dot or a bare LF that slips through here ends the
message early, and the rest would be taken for commands (CVE-2023-51764).
"""

import re

# A stray LF is meant as a line end, a stray CR is not: what Postfix makes of them.
_STRAY_LF = re.compile(rb"(?<!\r)\n")
_STRAY_CR = re.compile(rb"\r(?!\n)")


class DotStuffer:
    """One message, in chunks cut anywhere; whole buffers at a time, not lines."""

    def __init__(self) -> None:
        self._at_line_start = True
        self._held_cr = b""

    def stuff(self, chunk: bytes) -> bytes:
        """The octets to send for `chunk`; a CR at its end waits for the next one."""
        text = self._held_cr + chunk
        self._held_cr = b"\r" if text.endswith(b"\r") else b""
        text = _only_crlf(text[: len(text) - len(self._held_cr)])
        if not text:
            return b""
        stuffed = text.replace(b"\r\n.", b"\r\n..")
        if self._at_line_start and text.startswith(b"."):
            stuffed = b"." + stuffed
        self._at_line_start = text.endswith(b"\r\n")
        return stuffed

    def end(self) -> bytes:
        """What completes the last line, if anything. The final dot is not in it."""
        rest = self.stuff(b"\n") if self._held_cr else b""
        return rest if self._at_line_start else rest + b"\r\n"


def _only_crlf(text: bytes) -> bytes:
    pairs = text.count(b"\r\n")
    if text.count(b"\n") != pairs:
        text = _STRAY_LF.sub(b"\r\n", text)
    if text.count(b"\r") != text.count(b"\r\n"):
        text = _STRAY_CR.sub(b" ", text)
    return text
