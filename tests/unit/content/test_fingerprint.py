"""sc.content.fingerprint: one name for all copies of a message."""

import mmap
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.fingerprint import fingerprint

MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\ty\r\n\r\nbody\r\nmore\r\n"
NAME = fingerprint(MESSAGE)


@pytest.mark.parametrize(
    "copy",
    [
        MESSAGE.replace(b"\r\n", b"\n"),
        MESSAGE + b"\r\n\r\n",
        MESSAGE.rstrip(),
        MESSAGE.replace(b"\r\n\ty", b" y"),
        b"Received: from x\r\n by y\r\n" + MESSAGE,
        b"From joe Mon Oct 19\r\nReturn-Path: <>\r\nDelivered-To: c\r\n" + MESSAGE,
        b"X-Spam: yes\r\nX-SC-Id: 1\r\nAuthentication-Results: x\r\n" + MESSAGE,
        b"ARC-Seal: i=1\r\nReceived-SPF: x\r\nX-Spam-Status: y\r\n" + MESSAGE,
    ],
)
def test_same(copy: bytes) -> None:
    """What hosts and filters change on the way does not count."""
    assert fingerprint(copy) == NAME


@pytest.mark.parametrize(
    "other",
    [
        MESSAGE.replace(b"body", b"bodY"),
        MESSAGE.replace(b"Subject: x", b"Subject: z"),
        b"DKIM-Signature: v=1\r\n" + MESSAGE,
        b"",
    ],
)
def test_other(other: bytes) -> None:
    """What the sender wrote counts."""
    assert fingerprint(other) != NAME


def test_mapped_file_over_chunks() -> None:
    """A file of megabytes has the same name with CRLF and with LF."""
    body = b"\r\n" + b"a line of some length\r\n" * 150_000 + b"\r\n" * 5000
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert fingerprint(mapped) == fingerprint(body.replace(b"\r\n", b"\n"))


def test_line_end_at_a_chunks_edge() -> None:
    """CR and LF in two chunks are one line end."""
    body = b"\r\n" + b"x" * ((1 << 20) - 1) + b"\r\ny"
    assert fingerprint(body) == fingerprint(body.replace(b"\r\n", b"\n"))


@given(st.binary(max_size=300))
def test_never_raises(content: bytes) -> None:
    """Whatever the octets, 64 hex digits."""
    assert len(fingerprint(content)) == 64
