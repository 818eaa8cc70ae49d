"""Where a server is, as an operator writes it, and how much of the work it takes."""

import os
import re
from ipaddress import IPv6Address

from attrs import frozen

MAX_PATH = 107
"""Octets of a UNIX socket's path: Linux has room for 108 with the NUL (unix(7))."""

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
    server = Server(match[1], int(match[3] or 1))
    _must_be_possible(server)
    return server


def _must_be_possible(server: Server) -> None:
    """@raise ValueError: no host has such an address, no socket such a path."""
    address = server.address
    if server.is_socket and len(os.fsencode(address)) > MAX_PATH:
        text = f"{address}: a socket's path has at most {MAX_PATH} octets"
        raise ValueError(text)
    if address.startswith("["):
        try:
            IPv6Address(address[1:].partition("]")[0])
        except ValueError as e:
            text = f"{address}: brackets are for an IPv6 address"
            raise ValueError(text) from e
