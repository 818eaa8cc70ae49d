"""sc.content.dkim_message: canonical before dkimpy looks, at a bounded cost."""

import dkim
import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dkim_message import (
    MAX_BLANKS,
    MAX_RELAXED,
    can_relax,
    crlf,
    prepared,
    relaxed,
)
from sc.content.fields import header_end, iter_fields

BODIES = st.lists(
    st.sampled_from([b" ", b"  ", b"\t", b"\r\n", b"\r", b"x", b"\r\n\r\n"])
).map(b"".join)


@given(BODIES)
def test_same_as_dkimpy(body: bytes) -> None:
    """What dkimpy makes of the relaxed body is what it makes of the body."""
    once = relaxed(body)
    assert Relaxed.canonicalize_body(once) == Relaxed.canonicalize_body(body)
    assert relaxed(once) == once


@pytest.mark.parametrize(
    ("body", "can"),
    [
        (b"x" * MAX_RELAXED, True),
        (b"x" * (MAX_RELAXED + 1), False),
        (b" \t" * (MAX_BLANKS // 2), True),
        (b" \t" * (MAX_BLANKS // 2) + b" ", False),
    ],
)
def test_bounds(body: bytes, can: bool) -> None:
    """Octets and blanks have a bound."""
    assert can_relax(body) is can


def test_prepared() -> None:
    """Fields and body are those that dkimpy itself would read."""
    content = b"From: a@b.example\nSubject: x\n\ty\nTo:z\n\nbody\n"
    end, start = header_end(content)
    ours = prepared(iter_fields(content[:end]), crlf(content[start:]))
    theirs = dkim.DKIM(content)
    assert (ours.headers, ours.body) == (theirs.headers, theirs.body)
