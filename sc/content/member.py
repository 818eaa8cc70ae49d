"""One file in an archive."""

from collections.abc import Callable

from attrs import field, frozen


class UnreadableError(Exception):
    """The rest of an archive cannot be read: a format that we do not know, or none."""


def _nothing(_most: int) -> bytes:
    return b""


@frozen
class Member:
    """
    @ivar name: with folders, as it stands there.
    @ivar size: unpacked, as the archive says.
    @ivar read: gives at most so many octets of it; none if they cannot be had.
    """

    name: str
    encrypted: bool = False
    size: int = 0
    read: Callable[[int], bytes] = field(default=_nothing, repr=False)
