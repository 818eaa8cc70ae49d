"""sc.content.shorteners: which links are short ones."""

import pytest

from sc.content.shorteners import KNOWN, is_short
from sc.content.urls import canonical, under


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("https://bit.ly/a", True),
        ("HTTP://BIT.LY./a", True),
        ("http://bit.ly/?a", True),
        ("https://brand.app.link/a", True),
        ("https://bit.ly", False),
        ("https://bit.ly/#a", False),
        ("https://app.link/", False),
        ("https://rabbit.ly/a", False),
        ("https://bit.ly.example/a", False),
        ("https://shop.example/bit.ly/a", False),
        ("http://192.0.2.1/a", False),
    ],
)
def test_short(text: str, short: bool) -> None:
    """A link of a shortener, not its home page, nor a host that looks like one."""
    url = canonical(text)
    assert url is not None
    assert is_short(url, KNOWN) is short


def test_nobody() -> None:
    """Where no shortener is to be followed, no link is short."""
    url = canonical("https://bit.ly/a")
    assert url is not None
    assert not is_short(url, frozenset())


@pytest.mark.parametrize(
    ("host", "found"),
    [("a.example", True), ("x.a.example", True), ("xa.example", False), ("", False)],
)
def test_under(host: str, found: bool) -> None:
    """A host is below a domain at the boundary of a label."""
    assert under(host, {"a.example"}) is found
