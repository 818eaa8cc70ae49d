"""sc.content.edit: a header section written anew."""

from hypothesis import given
from hypothesis import strategies as st

from sc.content.edit import LINE_EFFORT, edit_header, editing_effort
from sc.content.fields import RawField
from sc.model.decision import Field

ADD = (Field("X-Spam", "yes"),)


def _is_spam_field(field: RawField) -> bool:
    return field.name.lower().startswith("x-spam")


def _edit(content: bytes) -> bytes:
    header, body = edit_header(content, _is_spam_field, ADD)
    return header + content[body:]


def test_ours_on_top_forged_ones_gone() -> None:
    """Our field stands before the trace fields, and the stranger's own is removed."""
    content = b"Received: x\r\nX-SPAM: no\r\n\tfolded\r\nSubject: y\r\n\r\nbody\r\n"
    assert _edit(content) == (
        b"X-Spam: yes\r\nReceived: x\r\nSubject: y\r\n\r\nbody\r\n"
    )


def test_below_return_path_and_mbox_line() -> None:
    """What the delivering MTA wrote stays first; LF stays LF."""
    content = b"From joe Mon\nReturn-Path: <a>\nReceived: x\n\nbody"
    assert _edit(content) == (
        b"From joe Mon\nReturn-Path: <a>\nX-Spam: yes\nReceived: x\n\nbody"
    )


def test_without_empty_line_or_header() -> None:
    """A message that is all header, or none, gets its empty line."""
    assert _edit(b"Subject: y") == b"X-Spam: yes\nSubject: y\n\n"
    assert _edit(b"\r\nbody") == b"X-Spam: yes\r\n\r\nbody"
    assert _edit(b"") == b"X-Spam: yes\r\n\r\n"


def test_long_value_is_folded() -> None:
    """A long list is folded at its blanks and reads the same unfolded."""
    value = " ".join(["SYMBOL_OF_SOME_LENGTH,"] * 20)
    header, _ = edit_header(b"\r\n", _is_spam_field, [Field("X-Spam-Symbols", value)])
    lines = header.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    unfolded = header.replace(b"\r\n\t", b" ").strip()
    assert unfolded == f"X-Spam-Symbols: {value}".encode()


def test_a_leading_fold_does_not_continue_our_field() -> None:
    """A message that starts with a folded line cannot add to what we say."""
    assert _edit(b" yes, really\nA: 1\n\n") == (
        b"X-Spam: yes\nX-SC-Orphan: yes, really\nA: 1\n\n"
    )


def test_effort() -> None:
    """Lines count, long ones by their octets; the body does not."""
    assert editing_effort(b"A: b\n" * 9 + b"\n" + b"x\n" * 1000) == 9 * LINE_EFFORT
    assert editing_effort(b"A: " + b"x" * 1000 + b"\n\nbody") == 1004
    assert editing_effort(b"") == 0
    assert editing_effort(b"A: b\n" * 400_000) > 64 * 20_000


PIECES = [b"X-Spam:", b"a", b"\r", b"\n", b" ", b":", b"From ", b"Return-Path:"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_body_is_never_touched(content: bytes) -> None:
    """Whatever the octets, the body stays and no forged field survives."""
    header, body = edit_header(content, _is_spam_field, ADD)
    assert header.endswith(b"\n")
    again, _ = edit_header(header + content[body:], _is_spam_field, ADD)
    assert again == header
