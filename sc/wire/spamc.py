"""SPAMC 1.5, the client's side: one SYMBOLS request and its reply (spamd/PROTOCOL).

Only a whole and consistent result is one; whatever else arrives is an error, never
ham: spamd's own errors are one line without a `Spam:` field.
"""

import re
from collections.abc import Iterator
from mmap import mmap
from typing import TypeAlias

from attrs import frozen

PING = b"PING SPAMC/1.5\r\n\r\n"
CHUNK = 64 * 1024
REPLY_LIMIT = 64 * 1024
"""Octets of a reply; hundreds of rules with long names fit four times."""

MAX_HEADERS = 32
MAX_SYMBOLS = 1000

_STATUS = re.compile(r"SPAMD/\d{1,3}\.\d{1,3} (\d{1,3}) ([\x20-\x7e]{0,512})")
_HEADER = re.compile(r"([A-Za-z][A-Za-z-]{0,63}):[ \t]*([\x20-\x7e]{0,512})")
_NUMBER = r"(-?\d{1,7}(?:\.\d{1,7})?)"
_SPAM = re.compile(rf"(True|Yes|False|No) ; {_NUMBER} / {_NUMBER}")
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LENGTH = re.compile(r"\d{1,8}", re.ASCII)
_PONG = re.compile(rb"SPAMD/\d{1,3}\.\d{1,3} 0 PONG\r\n")


class ProtocolError(ValueError):
    """What arrived is no answer of spamd."""


@frozen
class Result:
    """
    @ivar required: the threshold of spamd's own scale.
    @ivar symbols: the names of the rules that hit.
    """

    is_spam: bool
    score: float
    required: float
    symbols: tuple[str, ...] = ()


@frozen
class Refused:
    """
    spamd says itself that it could not scan.

    @ivar code: of sysexits(3): 75 later, 76 protocol, 79 timeout.
    """

    code: int
    text: str


Reply: TypeAlias = Result | Refused


def request(content: bytes | mmap, user: str = "") -> Iterator[bytes]:
    """
    SYMBOLS with the message in slices; the caller closes its half behind them.

    @param user: whose preferences apply; "" leaves the choice to spamd.
    """
    head = f"SYMBOLS SPAMC/1.5\r\nContent-length: {len(content)}\r\n"
    if user:
        head += f"User: {user}\r\n"
    yield f"{head}\r\n".encode("ascii") + content[:CHUNK]
    for start in range(CHUNK, len(content), CHUNK):
        yield content[start : start + CHUNK]


def parse_reply(octets: bytes) -> Reply:
    """
    @raise ProtocolError: not exactly one whole answer.
    """
    text = octets.decode("latin-1")
    status, _, rest = text.partition("\r\n")
    match = _STATUS.fullmatch(status)
    if match is None:
        raise ProtocolError("the reply does not begin like one of spamd")
    code = int(match[1])
    if code != 0:
        return Refused(code, match[2])
    if match[2] != "EX_OK":
        raise ProtocolError("the reply's code and word differ")
    head, blank, body = rest.partition("\r\n\r\n")
    if not blank:
        raise ProtocolError("the reply ends within its header")
    return _result(_headers(head), body)


def parse_pong(octets: bytes) -> None:
    """
    @raise ProtocolError: not the answer to a PING.
    """
    if _PONG.fullmatch(octets) is None:
        raise ProtocolError("spamd does not answer a PING with PONG")


def _headers(head: str) -> dict[str, str]:
    lines = head.split("\r\n")
    if len(lines) > MAX_HEADERS:
        raise ProtocolError("the reply has too many header lines")
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ProtocolError("the reply has a broken header line")
        name = match[1].lower()
        if name in headers:
            raise ProtocolError(f"the reply has two {match[1]} lines")
        headers[name] = match[2].strip()
    return headers


def _result(headers: dict[str, str], body: str) -> Result:
    spam = _SPAM.fullmatch(headers.get("spam", ""))
    if spam is None:
        raise ProtocolError("the reply has no valid Spam line")
    length = headers.get("content-length", "")
    if not _LENGTH.fullmatch(length) or int(length) != len(body):
        raise ProtocolError("the reply's length is not what it says")
    return Result(
        spam[1] in ("True", "Yes"), float(spam[2]), float(spam[3]), _symbols(body)
    )


def _symbols(body: str) -> tuple[str, ...]:
    text = body.strip()
    # Where no rule hit, the list is empty; some versions write "none".
    names = tuple(text.split(",")) if text not in ("", "none") else ()
    if len(names) > MAX_SYMBOLS or not all(_SYMBOL.fullmatch(n) for n in names):
        raise ProtocolError("the reply's list of rules is none")
    return names
