"""What daemon and child say to each other, over pipes.

In: for each attachment a line of JSON, then its octets. Out: a line of JSON for each,
in the same order. The child reads what strangers wrote, so its answer is one, too.
"""

import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sc.attached.kinds import Attachment, Kind
from sc.model.evidence import Attached, Role

MAX_URLS = 1000
"""Of one attachment."""

MAX_URL = 4096
"""Characters; a longer one is left out."""

MAX_ANSWER = 4 << 20
"""Octets of the whole answer."""

NO_ANSWER = "the process that read it ended early"


def question(attachments: Sequence[Attachment]) -> bytes:
    """All of them, as the child reads them."""
    pieces: list[bytes] = []
    for one in attachments:
        head = {"kind": one.kind.value, "octets": len(one.payload)}
        pieces += [json.dumps(head).encode(), b"\n", one.payload]
    return b"".join(pieces)


def read_question(stream: BinaryIO) -> Iterator[Attachment]:
    """As the child hears them; it trusts its parent."""
    while head := stream.readline():
        told = json.loads(head)
        yield Attachment(Kind(told["kind"]), "", stream.read(told["octets"]))


def answer(urls: Sequence[tuple[str, Role]], problem: str) -> bytes:
    """One attachment's line."""
    kept = [(u, role.value) for u, role in urls[:MAX_URLS] if len(u) <= MAX_URL]
    return json.dumps({"urls": kept, "problem": problem}).encode() + b"\n"


def read_answer(
    attachments: Sequence[Attachment], said: bytes, why: str
) -> tuple[Attached, ...]:
    """
    One for each attachment.

    @param why: there is no answer for the rest.
    """
    lines = said.split(b"\n")[:-1]  # The last one is cut, or empty.
    found: list[Attached] = []
    for number, one in enumerate(attachments):
        line = lines[number] if number < len(lines) else b""
        found.append(_read_line(one.name, line, why or NO_ANSWER))
    return tuple(found)


def _read_line(name: str, line: bytes, why: str) -> Attached:
    try:
        told = json.loads(line)
        urls = tuple((str(url), Role(role)) for url, role in told["urls"])
        return Attached(name, urls, str(told["problem"])[:200])
    except (ValueError, TypeError, KeyError, RecursionError):
        return Attached(name, problem=why)
