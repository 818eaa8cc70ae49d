"""The words of the milter protocol, version 6, and its packets, for either side.

A packet is its length (32 bits, big-endian, counting the command), a command of one
octet, and data in which strings end with NUL.
"""

from collections.abc import Iterator
from enum import Enum, IntFlag

VERSION = 6

MAX_PACKET = 1 << 20
"""Octets; bodies come in pieces of 65,535, and Postfix cuts fields at 60,000."""

CHUNK = 65_535
"""Octets of a body in one packet."""


class ProtocolError(ValueError):
    """The peer does not speak milter; the text is without its words."""


class Command(Enum):
    """From the mail server."""

    NEGOTIATE = b"O"
    MACROS = b"D"
    CONNECT = b"C"
    HELO = b"H"
    MAIL = b"M"
    RECIPIENT = b"R"
    FIELD = b"L"
    END_OF_HEADER = b"N"
    BODY = b"B"
    END_OF_MESSAGE = b"E"
    QUIT = b"Q"


class Reply(Enum):
    """From the filter."""

    NEGOTIATE = b"O"
    CONTINUE = b"c"
    ACCEPT = b"a"
    REJECT = b"r"
    TEMPFAIL = b"t"
    DISCARD = b"d"
    CODE = b"y"
    SKIP = b"s"
    PROGRESS = b"p"
    QUARANTINE = b"q"
    ADD_FIELD = b"h"
    INSERT_FIELD = b"i"
    CHANGE_FIELD = b"m"
    REPLACE_BODY = b"b"
    ADD_RECIPIENT = b"+"
    ADD_RECIPIENT_WITH = b"2"
    DELETE_RECIPIENT = b"-"
    CHANGE_SENDER = b"e"


class Actions(IntFlag):
    """What a filter may ask for at the end of a message."""

    ADD_FIELDS = 0x1
    CHANGE_BODY = 0x2
    ADD_RECIPIENTS = 0x4
    DELETE_RECIPIENTS = 0x8
    CHANGE_FIELDS = 0x10
    QUARANTINE = 0x20
    CHANGE_SENDER = 0x40
    ADD_RECIPIENTS_WITH = 0x80


class Steps(IntFlag):
    """What a filter wants left out: commands (`NO_`), or its replies (`SILENT_`)."""

    NO_CONNECT = 0x1
    NO_HELO = 0x2
    NO_MAIL = 0x4
    NO_RECIPIENT = 0x8
    NO_BODY = 0x10
    NO_FIELDS = 0x20
    NO_END_OF_HEADER = 0x40
    SILENT_FIELD = 0x80
    NO_UNKNOWN = 0x100
    NO_DATA = 0x200
    SKIP = 0x400
    SILENT_CONNECT = 0x1000
    SILENT_HELO = 0x2000
    SILENT_MAIL = 0x4000
    SILENT_RECIPIENT = 0x8000
    SILENT_END_OF_HEADER = 0x40000
    SILENT_BODY = 0x80000
    LEADING_SPACE = 0x100000


def packet(command: Command | Reply, data: bytes = b"") -> bytes:
    code: bytes = command.value
    return (len(data) + 1).to_bytes(4, "big") + code + data


def strings(*values: bytes) -> bytes:
    """Each with its NUL; one within would end it early, so it goes."""
    return b"".join(value.replace(b"\0", b"") + b"\0" for value in values)


class PacketReader:
    """Packets from octets that come in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[tuple[bytes, bytes]]:
        """
        The command and the data of each packet that is whole.

        @raise ProtocolError: no packet has such a length.
        """
        self._buffer += octets
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if not 1 <= length <= MAX_PACKET:
                raise ProtocolError("it does not speak milter")
            if len(self._buffer) < 4 + length:
                return
            whole = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield whole[:1], whole[1:]
