r"""Dialogue files of SMTP and LMTP: what the client writes, what must come back.

    C: NOOP             a line; CRLF is added
    C| raw\r\n          octets as Python escapes; nothing is added
    S: 250 2.0.0 ok     a line of ours, whole
    #                   a remark

Lines of the client in a row are written together: pipelining.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

DIALOGS = Path(__file__).resolve().parent.parent / "dialogs"


@frozen
class Turn:
    """What the client writes at once, and the whole answer."""

    sent: bytes
    expected: bytes


@frozen
class Dialog:
    name: str
    protocol: str
    turns: Sequence[Turn]


def _turns(text: str) -> Iterator[Turn]:
    sent = expected = b""
    for line in text.splitlines():
        kind, rest = line[:2], line[2:].removeprefix(" ")
        if kind in ("C:", "C|") and expected:
            yield Turn(sent, expected)
            sent = expected = b""
        if kind == "C:":
            sent += rest.encode() + b"\r\n"
        elif kind == "C|":
            sent += rest.encode("latin-1").decode("unicode_escape").encode("latin-1")
        elif kind == "S:":
            expected += rest.encode() + b"\r\n"
        elif line and not line.startswith("#"):
            raise ValueError(f"not a line of a dialogue: {line!r}")
    yield Turn(sent, expected)


def dialogs() -> list[Dialog]:
    """Every file, by name."""
    return [
        Dialog(f"{path.parent.name}/{path.stem}", path.parent.name, [*_turns(text)])
        for protocol in ("lmtp", "smtp")
        for path in sorted((DIALOGS / protocol).glob("*.txt"))
        for text in [path.read_text()]
    ]
