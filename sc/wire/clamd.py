"""clamd's stream protocol, the client's side (clamd(8): z commands, INSTREAM)."""

import re
from collections.abc import Iterator
from mmap import mmap
from typing import TypeAlias

from attrs import frozen

PING = b"zPING\0"
PONG = b"PONG\0"
END = b"\0"
"""Ends every reply to a z command."""

CHUNK = 64 * 1024
REPLY_LIMIT = 4096
"""Octets of a reply; the longest true one is a signature's name in one line."""

_FOUND = re.compile(r"stream: ([\x20-\x7e]{1,256}) FOUND\0")
_FAILED = re.compile(r"(?:stream: )?(?:([\x20-\x7e]{1,1024}?)\.? )?ERROR\0")
_PATH = re.compile(r"/\S+")


class ProtocolError(ValueError):
    """What arrived is no answer of clamd."""


@frozen
class Clean:
    pass


@frozen
class Found:
    """@ivar signature: the virus's name, at most 256 characters of printable ASCII."""

    signature: str


@frozen
class Failed:
    """@ivar text: why clamd could not scan this stream, without its own paths."""

    text: str


Reply: TypeAlias = Clean | Found | Failed


def request(content: bytes | mmap) -> Iterator[bytes]:
    """
    zINSTREAM: chunks, each behind its length in four octets, then a zero length.

    Without that zero clamd closes and answers nothing. A short message is one piece:
    each costs a system call, and clamd a turn of its loop.
    """
    before = b"zINSTREAM\0"
    for start in range(0, len(content), CHUNK):
        chunk = content[start : start + CHUNK]
        after = bytes(4) if start + CHUNK >= len(content) else b""
        yield before + len(chunk).to_bytes(4, "big") + chunk + after
        before = b""
    if before:
        yield before + bytes(4)


def parse_reply(octets: bytes) -> Reply:
    """
    @raise ProtocolError: not exactly one whole answer.
    """
    if octets == b"stream: OK\0":
        return Clean()
    text = octets[: REPLY_LIMIT + 1].decode("latin-1")
    if found := _FOUND.fullmatch(text):
        return Found(found[1])
    if failed := _FAILED.fullmatch(text):
        return Failed(_PATH.sub("(path)", failed[1] or "no reason given"))
    raise ProtocolError("clamd sent something that is no answer")


def parse_pong(octets: bytes) -> None:
    """
    @raise ProtocolError: not the answer to a PING.
    """
    if octets != PONG:
        raise ProtocolError("clamd does not answer a PING with PONG")
