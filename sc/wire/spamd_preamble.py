"""What Exim and Haraka write above a message, because SPAMC has no words for it.

Exim: an mbox line, `X-Envelope-From` (absent for the null sender), `X-Envelope-To` with
all recipients. Haraka: `X-Envelope-From`, `X-Haraka-UUID` and, for a client that may
relay, `X-Haraka-Relay: true`. None of it belongs to the message.
"""

import re
from collections.abc import Mapping

from attrs import frozen

from sc.wire.spamd_head import MAX_RECIPIENTS

MAX_PREAMBLE = 1024 * 1024
"""Octets; `X-Envelope-To` is one line for up to thousands of recipients."""

_MBOX = b"From MAILER-DAEMON "
_LINE = re.compile(
    rb"(X-Envelope-From|X-Envelope-To|X-Haraka-UUID|X-Haraka-Relay):(.*)\n"
)
# A quoted local part may hold a comma (RFC 5321 4.1.2).
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+')


@frozen
class Preamble:
    """
    @ivar mta: `exim`, `haraka`, or "" if the message began at once.
    @ivar sender: "" is the null sender; None is unknown.
    @ivar relaying: the client is authenticated or of a local network (Haraka).
    """

    mta: str = ""
    sender: str | None = None
    recipients: tuple[str, ...] = ()
    queue_id: str | None = None
    relaying: bool = False


class PreambleReader:
    """
    Holds octets back until it knows whether they are a preamble.

    Only the whole pattern of one of both MTAs counts: a stranger's `X-Envelope-From`,
    or the mbox line that procmail hands on, is part of the message.

    @ivar preamble: known when `feed` has returned octets, or after `finish`.
    """

    def __init__(self) -> None:
        self.preamble = Preamble()
        self._held = bytearray()
        self._position = 0
        self._searched = 0
        self._mbox = False
        self._fields: dict[str, str] = {}
        self._done = False

    def feed(self, octets: bytes) -> bytes:
        """The octets that belong to the message."""
        if self._done:
            return octets
        self._held += octets
        while not self._done:
            end = self._held.find(b"\n", self._searched) + 1
            self._searched = end or len(self._held)
            if end:
                self._take(end)
            elif self._can_begin_one():
                return b""
            else:
                self._done = True
        return self._release()

    def finish(self) -> bytes:
        """The octets still held back; the message has ended."""
        if self._done:
            return b""
        self._done = True
        return self._release()

    def _can_begin_one(self) -> bool:
        """May the line that has not ended yet be one of ours?"""
        if len(self._held) > MAX_PREAMBLE:
            return False
        line = bytes(self._held[self._position : self._position + len(_MBOX)])
        return any(
            line.startswith(known[: len(line)])
            for known in (_MBOX, b"X-Envelope-", b"X-Haraka-")
        )

    def _take(self, end: int) -> None:
        line = bytes(self._held[self._position : end])
        field = _LINE.fullmatch(line)
        if self._position == 0 and line.startswith(_MBOX):
            self._mbox = True
        elif field is not None:
            name = field[1].decode("ascii")
            self._fields.setdefault(name, field[2].decode("utf-8", "replace").strip())
        else:
            self._done = True
            return
        self._position = end

    def _release(self) -> bytes:
        self.preamble = _recognise(self._fields, mbox=self._mbox)
        message = bytes(self._held)
        self._held.clear()
        return message[self._position :] if self.preamble.mta else message


def _recognise(fields: Mapping[str, str], *, mbox: bool) -> Preamble:
    sender = fields.get("X-Envelope-From")
    if mbox and "X-Envelope-To" in fields:
        return Preamble(
            "exim",
            _address(sender or ""),
            _addresses(fields["X-Envelope-To"]),
        )
    if not mbox and "X-Haraka-UUID" in fields:
        return Preamble(
            "haraka",
            None if sender is None else _address(sender),
            (),
            fields["X-Haraka-UUID"],
            fields.get("X-Haraka-Relay", "").lower() == "true",
        )
    return Preamble()


def _address(text: str) -> str:
    return text.strip().removeprefix("<").removesuffix(">")


def _addresses(text: str) -> tuple[str, ...]:
    found = (_address(match) for match in _ADDRESS.findall(text))
    return tuple(address for address in found if address)[:MAX_RECIPIENTS]
