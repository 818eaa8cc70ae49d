"""Who we are on the machine: our name, our ids, and the user that owns the state."""

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is read as a digit over the telephone."""

ID_LETTERS = 14


def id_source(source: random.Random) -> Callable[[], str]:
    """Ids of 70 bits: unique over years and nodes, short enough to be read out."""

    def new_id() -> str:
        return "".join(source.choices(_ALPHABET, k=ID_LETTERS))

    return new_id


def hostname() -> str:
    """Our name in SMTP greetings and trace fields; ASCII, never empty."""
    name = socket.getfqdn().rstrip(".")
    usable = name.isascii() and all(c.isalnum() or c in "-." for c in name)
    return name if name and usable else "localhost"


def node_name(key: bytes, host: str) -> str:
    """
    Tells nodes that share a store apart; the host's name too, because state folders
    are copied from machine to machine.
    """
    return f"{host}-{key.hex()[:8]}"


@contextmanager
def acting_as(uid: int | None, gid: int | None) -> Iterator[None]:
    """
    As the user that twistd will become (`--uid`), so that he owns what we create.

    The doors are not opened within it: as root they may have low ports.
    """
    if os.geteuid() != 0 or uid is None:
        yield
        return
    group = os.getegid()
    if gid is not None:
        os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
