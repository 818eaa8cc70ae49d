"""sc.content.mailboxes: From as a mail reader shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.mailboxes import MAX_MAILBOXES, read_mailboxes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b" alice@example.org", [("", "alice@example.org")]),
        (b"Alice <alice@example.org>", [("Alice", "alice@example.org")]),
        (b'"Doe, Jane" <j@example.org>', [("Doe, Jane", "j@example.org")]),
        (b'"a \\"b\\"" <j@example.org>', [('a "b"', "j@example.org")]),
        (b"j@example.org (Jane)", [("", "j@example.org")]),
        (b"a@b.example,\r\n c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        (b"=?utf-8?q?J=C3=B6rg?= <j@example.org>", [("Jörg", "j@example.org")]),
        (b"=?utf-8?b?SsO2?=\r\n =?utf-8?b?cmc=?= <j@d.ex>", [("Jörg", "j@d.ex")]),
        (b"<a@b.example> C <c@d.example>",
         [("C", "a@b.example"), ("", "c@d.example")]),
        (b"Alice <Bank> <a@b.example>", [("Alice", "a@b.example")]),
        (b"Alice <nowhere>", [("Alice", "")]),
        (b"Alice <>", [("Alice", "")]),
        (b"Alice", [("Alice", "")]),
        (b"", []),
        (b" , ;", []),
    ],
)  # fmt: skip
def test_read(value: bytes, expected: list[tuple[str, str]]) -> None:
    """Names are decoded, comments left out, several mailboxes told apart."""
    assert [(m.name, m.address) for m in read_mailboxes(value)] == expected


def test_domain() -> None:
    """In lower case, without what does not belong to it."""
    [mailbox] = read_mailboxes(b"A <a@b@Example.ORG. >")
    assert mailbox.domain == "example.org"


def test_many() -> None:
    """A From of a thousand authors is read in part."""
    value = b"a@b.example," * 1000
    assert len(read_mailboxes(value)) == MAX_MAILBOXES


@given(st.text(alphabet='"<>(),;\\@ =?q?a\u202e', max_size=60))
def test_whatever_comes(value: str) -> None:
    """No exception, and no address without an `@`."""
    for mailbox in read_mailboxes(value.encode()):
        assert mailbox.address == "" or "@" in mailbox.address


def test_comments_in_comments() -> None:
    """A thousand brackets cost nothing and break nothing."""
    assert len(read_mailboxes(b"(" * 4000 + b"a@example.org")) <= 1
