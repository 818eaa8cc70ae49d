"""Where a server is, as an operator writes it, and how much of the work it takes."""

import re

from attrs import frozen

# "host:port", "[IPv6 address]:port", or the absolute path of a UNIX socket.
_SERVER = re.compile(
    r"((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})|/[^\0]*?[^\0\s])"
    r"(?:\s+weight=([1-9]\d{0,2}))?"
)


@frozen
class Server:
    """
    @ivar address: "host:port", "[IPv6 address]:port" or "/path/of/socket".
    @ivar weight: its share of the work, beside those of the others.
    """

    address: str
    weight: int = 1

    @property
    def is_socket(self) -> bool:
        return self.address.startswith("/")


def read_server(text: str) -> Server:
    """
    `127.0.0.1:3310`, or with a share of its own `127.0.0.1:3310 weight=3`.

    @raise ValueError: it is no such server.
    """
    match = _SERVER.fullmatch(text)
    if (
        match is None
        or (match[2] and not 0 < int(match[2]) < 65536)
        or " weight=" in match[1]  # a path would take a share that is none
    ):
        what = "host:port or the path of a socket"
        raise ValueError(f"{text}: must be {what}; weight=1 to 999 may follow")
    return Server(match[1], int(match[3] or 1))
