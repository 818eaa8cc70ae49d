"""sc.content.author: one domain speaks for a message, or none."""

import pytest

from sc.content.author import (
    AuthorError,
    NoAuthorError,
    SeveralAuthorsError,
    author_domain,
)
from sc.content.fields import read_fields


@pytest.mark.parametrize(
    ("header", "domain"),
    [
        ("From: a@Example.ORG", "example.org"),
        ("from: Bank <a@bank.example>", "bank.example"),
        ('From: "a@bank.example" <b@evil.example>', "evil.example"),
        ("From: a@x.example, B <b@X.example>", "x.example"),
        ("From: a@x.example.", "x.example"),
        ("From: a@b@x.example", "x.example"),
        ("From: j@m\u00fcnchen.example", "xn--mnchen-3ya.example"),
        ("From: j@M\u00dcNCHEN.example", "xn--mnchen-3ya.example"),
    ],
)
def test_domain(header: str, domain: str) -> None:
    """The address counts, not the name before it; UTF-8 becomes A-labels."""
    assert author_domain(read_fields(f"{header}\r\n\r\n".encode())) == domain


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("To: a@x.example", NoAuthorError),
        ("From: nobody", NoAuthorError),
        ("From: a@localhost", NoAuthorError),
        ("From: a@[192.0.2.1]", NoAuthorError),
        ("From: a@ev%69l.example", NoAuthorError),
        ("From: a@x.example/", NoAuthorError),
        ("From: a@" + "x" * 300 + ".example", NoAuthorError),
        ("From: " + " " * 5000 + "a@x.example", NoAuthorError),
        ("From: a@x.example\r\nFrom: a@x.example", SeveralAuthorsError),
        ("From: a@x.example, b@y.example", SeveralAuthorsError),
        ("From: <a@x.example> <b@y.example>", SeveralAuthorsError),
        ("From: " + "a@x.example," * 60, SeveralAuthorsError),
    ],
)
def test_none(header: str, error: type[AuthorError]) -> None:
    """Where a reader may see another domain than a filter, none speaks."""
    with pytest.raises(error):
        author_domain(read_fields(f"{header}\r\n\r\n".encode()))
