"""dccifd's ASCII protocol, the client's side (dccifd(8), DCC's include/dccif.h).

Lines for options, client, HELO, sender and each recipient, a blank one, then the
message. The reply: a letter, a letter for each recipient, the X-DCC field, a blank
line. dccifd counts the message for as many recipients as it is told.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import chain

from attrs import frozen

from sc.model.envelope import Envelope
from sc.model.octets import Octets

CHUNK = 64 * 1024
REPLY_LIMIT = 16 * 1024
MAX_RECIPIENTS = 100
MAX_COUNTS = 16

NOBODY = "postmaster"
"""Where no recipient is known: told of none, dccifd asks no DCC server."""

# dccifd takes what follows a CR for another value.
_HELO = re.compile(r"[\x21-\x7e]{1,255}")
_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\x9f<>,\ud800-\udfff]{1,320}")

_FIELD = r"X-DCC-[\x20-\x7e]*\n(?:[\t ][\t\x20-\x7e]*\n)*"
_REPLY = re.compile(rf"([ARSGT])\n([ARG]{{0,100}})\n((?:{_FIELD})?)\n")
_COUNT = re.compile(r"[A-Za-z0-9_-]{1,20}=(?:many|ok2?|\d{1,9}%?)")
_MANY = re.compile(r"(?:Body|Fuz1|Fuz2)=many")


class ProtocolError(ValueError):
    """What arrived is no answer of dccifd."""


class Overall(Enum):
    """What dccifd would say to the sending client."""

    ACCEPT = "A"
    REJECT = "R"
    SOME = "S"
    GREYLIST = "G"
    LATER = "T"


@frozen
class Result:
    """
    @ivar refused: how many of the recipients do not want it.
    @ivar recipients: how many there are.
    @ivar is_bulk: the counts are above dccifd's thresholds, or beyond counting.
    @ivar counts: of the X-DCC field, `Body=many` and the like.
    """

    overall: Overall
    refused: int
    recipients: int
    is_bulk: bool = False
    counts: tuple[str, ...] = ()


def request(content: Octets, envelope: Envelope) -> Iterable[bytes]:
    """The message in slices; the caller closes its half behind them."""
    wanted = "header\n", *(f"{line}\n" for line in _lines(envelope)), "\n"
    slices = (content[i : i + CHUNK] for i in range(0, len(content), CHUNK))
    return chain(("".join(wanted).encode(),), slices)


def probe() -> Iterable[bytes]:
    """A message that dccifd asks about and does not count: there is no PING."""
    lines = f"header query\n\n\n<>\n{NOBODY}\n\nSubject: probe\n\nprobe\n"
    return (lines.encode(),)


def recipients(envelope: Envelope) -> tuple[str, ...]:
    """Those that dccifd is told of; at least one."""
    known = [r for r in envelope.recipients if _ADDRESS.fullmatch(r)]
    return tuple(known[:MAX_RECIPIENTS]) or (NOBODY,)


def parse_reply(octets: bytes) -> Result:
    """
    @raise ProtocolError: not exactly one whole answer.
    """
    match = _REPLY.fullmatch(octets.decode("latin-1"))
    if match is None:
        raise ProtocolError("dccifd sent something that is no answer")
    overall, letters, field = Overall(match[1]), match[2], match[3]
    if not letters and overall is not Overall.LATER:
        raise ProtocolError("dccifd's answer names no recipient")
    words = field.partition(";")[2].split()
    counts = tuple(w for w in words if _COUNT.fullmatch(w))[:MAX_COUNTS]
    is_bulk = "bulk" in words or any(_MANY.fullmatch(count) for count in counts)
    return Result(overall, letters.count("R"), len(letters), is_bulk, counts)


def _lines(envelope: Envelope) -> Iterator[str]:
    """What is not known is an empty line: dccifd looks into the message for it."""
    helo, sender = envelope.helo or "", envelope.sender or ""
    yield str(envelope.client_ip or "")
    yield helo if _HELO.fullmatch(helo) else ""
    if envelope.sender == "":
        yield "<>"
    else:
        yield sender if _ADDRESS.fullmatch(sender) else ""
    yield from recipients(envelope)
