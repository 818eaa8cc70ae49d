"""sc.content.sameness: what makes two messages one to every scanner."""

import pytest

from sc.content.fields import MAX_HEADER
from sc.content.sameness import MAX_RECEIVED, digest

HOP = (
    b"Received: from a.example (a.example [%b])\r\n"
    b"\tby mx.example with ESMTP id %b; Fri, 20 Nov 2020 10:00:00 +0000\r\n"
)
MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"
FIRST = HOP % (b"203.0.113.7", b"1") + MAIL


@pytest.mark.parametrize(
    "again",
    [
        FIRST,
        HOP % (b"203.0.113.7", b"2") + MAIL,
        b"Return-Path: <a@example.org>\r\nDelivered-To: b@x.example\r\n" + FIRST,
        FIRST.replace(b"Subject", b"X-Original-To: b@x.example\r\nSubject"),
    ],
)
def test_same(again: bytes) -> None:
    """Another attempt of an MTA changes its trace, and nothing else."""
    assert digest(again) == digest(FIRST)


@pytest.mark.parametrize(
    "other",
    [
        MAIL,
        HOP % (b"203.0.113.8", b"1") + MAIL,
        FIRST.replace(b"body", b"Body"),
        FIRST + b"\r\n",
        FIRST.replace(b"Subject: x", b"Subject:  x"),
        FIRST.replace(b"Subject", b"no field at all\r\nSubject"),
        FIRST.replace(b"From", b"X-Spam-Status: x\r\nFrom"),
        FIRST.replace(b"From", b"Return-Path: a\rContent-Type: b\r\nFrom"),
        FIRST.replace(b"\r\n\r\n", b"\r\n\r\nReturn-Path: x\r\n"),
        FIRST.replace(b"a.example [", b"a.example \rX: ["),
    ],
)
def test_other(other: bytes) -> None:
    """Whatever a scanner may look at counts, octet by octet."""
    assert digest(other) != digest(FIRST)


def test_unreadable_trace() -> None:
    """A Received field that names no host counts as it stands."""
    one, two = (b"Received: by mx.example id %d; now\r\n\r\n" % n for n in (1, 2))
    assert digest(one) != digest(two)


def test_long_trace() -> None:
    """However many Received fields there are, only so many are read."""
    few = [HOP % (b"203.0.113.7", b"%d" % n) for n in range(MAX_RECEIVED)]
    other = [HOP % (b"203.0.113.7", b"x") for _ in few]
    assert digest(b"".join(few) + MAIL) == digest(b"".join(other) + MAIL)
    assert digest(b"".join((*few, few[0])) + MAIL) != digest(
        b"".join((*other, other[0])) + MAIL
    )


def test_huge_header() -> None:
    """A header section that is not read for fields counts as it stands."""
    long = b"X: " + b"x" * MAX_HEADER + b"\r\n"
    assert digest(long + FIRST) != digest(long + b"Return-Path: x\r\n" + FIRST)


def test_no_header_or_body() -> None:
    """Where the header section ends is part of it."""
    assert len({digest(c) for c in (b"", b"\r\n", b"A: 1\r\n", b"A: 1\r\n\r\n")}) == 4
