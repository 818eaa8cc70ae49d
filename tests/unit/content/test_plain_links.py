"""sc.content.plain_links: URLs in plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.plain_links import MAX_URLS, find_urls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see http://a.example/x, or not.", ["http://a.example/x"]),
        ("HTTPS://A.example?", ["HTTPS://A.example"]),
        ("www.a.example and FTP://b.example/", ["http://www.a.example", "FTP://b.example/"]),
        ("<URL:http://a.example/b>", ["http://a.example/b"]),
        ("(http://a.example/b)", ["http://a.example/b"]),
        ("http://a.example/b_(c)).", ["http://a.example/b_(c)"]),
        ("[x](http://a.example/[1])", ["http://a.example/[1]"]),
        ("“http://a.example/”", ["http://a.example/"]),
        ("看http://a.example/b。好", ["http://a.example/b"]),
        ("awww.a.example xhttp://a.example", []),
        ("hxxp://a.example a.example http:", []),
    ],
)  # fmt: skip
def test_find(text: str, expected: list[str]) -> None:
    """Found as readers find them, without the sentence around them."""
    assert list(find_urls(text)) == expected


def test_flood() -> None:
    """A text of nothing but URLs ends at the limit."""
    assert len(list(find_urls("http://a.example " * (MAX_URLS + 9)))) == MAX_URLS


def test_many_parentheses() -> None:
    """Closing parentheses are counted once, not once for each of them."""
    assert list(find_urls("http://a.example/" + ")" * 500_000)) == ["http://a.example/"]


@given(st.text(max_size=100))
def test_never_raises(text: str) -> None:
    """Whatever the text, what is found stands in it."""
    for url in find_urls("http://" + text):
        assert url.removeprefix("http://") in "http://" + text
