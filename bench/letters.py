"""Messages to measure with: what a folder holds, or newsletters made up alike."""

import random
import re
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from quopri import encodestring

from sc.cli.messages import Found, read_messages

WORDS = ("the", "minutes", "of", "our", "meeting", "name", "who", "brings", "what")
RECEIVED = (
    "Received: from mx{n}.example.org (mx{n}.example.org [11.22.33.{n}])\r\n"
    "\tby mail.example.net (Postfix) with ESMTPS id 4X{n}yz\r\n"
    "\tfor <bob@example.net>; Fri, 20 Nov 2026 10:0{n}:00 +0000\r\n"
)
CELL = (
    '<tr><td align="left" style="padding: 4px; background-color: #fff"><font size="2">'
    '<a href="https://click.example.com/c/{a}?u={b}&amp;s=7" target="_blank">'
    '<img src="https://img.example.com/p/{a}.png" width="60" height="40" alt=""></a>'
    "<p>{text}</p></font></td></tr>\r\n"
)


def from_folder(folder: str, sizes: str) -> list[bytes]:
    """@param sizes: `LOW-HIGH`, octets; only messages of that size count."""
    match = re.fullmatch(r"(\d+)-(\d+)", sizes)
    if not match:
        raise ValueError(f"{sizes!r} is not LOW-HIGH")
    low, high = map(int, match.groups())
    found = (f.content for f in read_messages([folder]) if isinstance(f, Found))
    return [content for content in found if low <= len(content) <= high]


def made_up(count: int, seed: int = 1) -> Iterator[bytes]:
    """Newsletters around 20 KB, text and HTML, in the usual encodings."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _newsletter(chance)


def _newsletter(chance: random.Random) -> bytes:
    rows = chance.randint(10, 60)
    page = "<html><head><style>p {margin: 0}</style></head><body><table>\r\n"
    page += "".join(_cell(chance) for _ in range(rows)) + "</table></body></html>\r\n"
    text = "\r\n".join(f"{_text(chance)} http://www.example.com/{i}" for i in range(9))
    received = "".join(RECEIVED.format(n=n) for n in range(chance.randint(1, 4)))
    header = received + (
        "From: News <news@example.org>\r\nTo: bob@example.net\r\n"
        f"Subject: {_text(chance)[:60]}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b1"\r\n\r\n'
    )
    return header.encode() + _parts(text.encode(), page.encode(), chance)


def _parts(text: bytes, page: bytes, chance: random.Random) -> bytes:
    encoding, octets = chance.choice(
        [
            (b"7bit", page),
            (b"quoted-printable", encodestring(page)),
            (b"base64", encodebytes(page).replace(b"\n", b"\r\n")),
        ]
    )
    return (
        b"--b1\r\nContent-Type: text/plain\r\n\r\n%b\r\n"
        b"--b1\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: %b\r\n\r\n%b\r\n--b1--\r\n"
    ) % (text, encoding, octets)


def _cell(chance: random.Random) -> str:
    a, b = chance.randrange(10**9), chance.randrange(10**9)
    return CELL.format(a=a, b=b, text=_text(chance))


def _text(chance: random.Random) -> str:
    words: Sequence[str] = chance.choices(WORDS, k=12)
    return " ".join(words)
