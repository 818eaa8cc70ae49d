"""What the clients of Redis and memcached have in common: their replies, and bounds.

Whoever can write to a shared cache is a stranger: each length is checked before
anything is read into memory.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from attrs import field, frozen

MAX_VALUE = 64 * 1024
"""Octets of one value, either way; ours have a few hundred."""

MAX_KEYS = 128
"""Keys of one question: with `MAX_VALUE`, the most that one reply may hold."""

MAX_LINE = 1024
"""Octets of a status or error line, and of a memcached VALUE line (keys have 250)."""

MAX_TEXT = 100

MAX_DIGITS = 19
"""Of a counter: servers count in 64 bits."""


class ProtocolError(Exception):
    """What arrived answers nothing that we asked; the connection is of no more use."""


@frozen
class Values:
    """What is there of the keys that were asked for."""

    found: Mapping[bytes, bytes] = field(repr=False)


@frozen
class Counts:
    """What the counters are now that were added to."""

    now: Mapping[bytes, int]


@frozen
class Done:
    """All of it was taken."""


@frozen
class Refused:
    """
    The server is well, and does not do it.

    @ivar text: why, in printable ASCII.
    """

    text: str


Reply: TypeAlias = Values | Counts | Done | Refused


class CacheCodec(Protocol):
    """
    One connection of a client. All but the last give the octets to send, and
    has exactly one reply, in the same order.
    """

    def opening(self) -> bytes:
        """What comes before anything else."""
        ...

    def get(self, keys: Sequence[bytes]) -> bytes:
        """@param keys: at least one, at most `MAX_KEYS`, no two alike."""
        ...

    def put(self, values: Mapping[bytes, bytes], ttl: int) -> bytes:
        """
        @param values: at least one, each of at most `MAX_VALUE` octets.
        @param ttl: seconds, more than 0 and at most 30 days.
        """
        ...

    def add(self, amounts: Mapping[bytes, int], ttl: int) -> bytes:
        """
        Add to counters, which begin at 0.

        @param amounts: at least one, at most `MAX_KEYS`, none below 0.
        @param ttl: as for `put`; another client may have begun it with its own.
        """
        ...

    def receive_data(self, data: bytes) -> list[Reply]:
        """@raise ProtocolError: it is no reply, or one to nothing."""
        ...


def plain(line: bytes) -> str:
    """A server's words for our log."""
    text = line[:MAX_TEXT].decode("latin-1")
    return "".join(c if " " <= c <= "~" else "?" for c in text)
