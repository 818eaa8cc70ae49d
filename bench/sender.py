"""A message that gives every built-in scanner something to do, and DNS about it."""

import io
import random
import tempfile
import zipfile
from base64 import encodebytes
from collections.abc import Mapping
from pathlib import Path
from quopri import encodestring

from bench.letters import CELL, WORDS
from tests.fakes.sealed_mail import seal
from tests.fakes.signed_mail import record, sign

CLIENT = "11.22.33.44"
DNSBL, URIBL = "bl.example", "uri.example"
COVERED = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version")
FIELDS = (
    f"X-Env-IP: {CLIENT}\r\nX-Env-Helo: mx.sender.example\r\n"
    "X-Env-From: news@sender.example\r\nX-Env-Rcpt: bob@example.net\r\n"
)
HEADER = (
    b"Received: from mx.sender.example (mx.sender.example [11.22.33.44])\r\n"
    b"\tby mail.example.net (Postfix) with ESMTPS id 4Xyz;"
    b" Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"From: News <news@sender.example>\r\nTo: bob@example.net\r\n"
    b"Subject: Minutes of Thursday's meeting\r\n"
    b"Date: Fri, 20 Nov 2026 09:59:58 +0000\r\n"
    b"Message-ID: <20261120095958.1234@sender.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n'
)


def letter(size: int) -> bytes:
    """
    A newsletter with an archive, signed by its author and sealed by a list.

    @param size: about as many octets, of which a fifth is the archive.
    """
    chance = random.Random(1)
    page = "<html><body><table>\r\n"
    while len(page) < 0.6 * size:
        a, b = chance.randrange(10**9), chance.randrange(10**9)
        page += CELL.format(a=a, b=b, text=" ".join(chance.choices(WORDS, k=12)))
    text = "We agreed on the date: see http://www.example.com/minutes\r\n"
    body = (
        b"--b1\r\nContent-Type: text/plain\r\n\r\n%b\r\n"
        b"--b1\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n"
        b'--b1\r\nContent-Type: application/zip; name="minutes.zip"\r\n'
        b"Content-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%b--b1--\r\n"
    ) % (
        text.encode(),
        encodestring(page.encode()).replace(b"\n", b"\r\n"),
        encodebytes(_archive(chance, size // 8)).replace(b"\n", b"\r\n"),
    )
    return seal(sign(HEADER + body, covered=COVERED))


def _archive(chance: random.Random, size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("minutes.pdf", "photo.jpg"):
            archive.writestr(name, chance.randbytes(size // 2))
    return packed.getvalue()


def zone() -> Mapping[str, list[str]]:
    """What DNS says: the sender is who he says, and no list knows him."""
    with tempfile.TemporaryDirectory() as folder:
        key = f"TXT {record(Path(folder)).decode()}"
    return {
        "s1._domainkey.sender.example": [key],
        "s1._domainkey.list.example": [key],
        "sender.example": ["TXT v=spf1 include:_spf.sender.example mx -all"],
        "_spf.sender.example": ["TXT v=spf1 ip4:11.22.33.0/24 -all"],
        "_dmarc.sender.example": ["TXT v=DMARC1; p=reject"],
        f"2.0.0.127.{DNSBL}": ["127.0.0.2"],
        f"test.{URIBL}": ["127.0.0.2"],
    }
