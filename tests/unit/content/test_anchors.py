"""sc.content.anchors: links whose text is a URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.anchors import MAX_ANCHORS, find_anchors

TO = '<a href="http://evil.example/x">%s</a>'


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (TO % "http://bank.example/", ["bank.example"]),
        (TO % " <b>https://bank<i>.example</i></b>\n", ["bank.example"]),
        (TO % "WWW.Bank.example", ["www.bank.example"]),
        (TO % "http&#58;//bank.example", ["bank.example"]),
        ("<A\nid=x HREF=http://evil.example/>www.b.example", ["www.b.example"]),
        (TO % "click www.bank.example now", []),
        (TO % "report.pdf", []),
        (TO % "http://", []),
        ('<a href="/x">www.bank.example</a>', []),
        ("<a>www.bank.example</a>", []),
        ("<abbr href=http://evil.example/>www.bank.example</abbr>", []),
        (TO.replace("</a>", "") % "www.a.example" + TO % "www.b.example",
         ["www.a.example", "www.b.example"]),
    ],
)  # fmt: skip
def test_find(page: str, shown: list[str]) -> None:
    """Only a text that is nothing but a URL claims anything."""
    anchors = list(find_anchors(page))
    assert [a.shown.host for a in anchors] == shown
    assert {a.url.host for a in anchors} <= {"evil.example"}


def test_many() -> None:
    """A page of links only is read in part."""
    page = TO % "www.bank.example" * (MAX_ANCHORS + 5)
    assert len(list(find_anchors(page))) == MAX_ANCHORS


@given(st.text(alphabet="<>/aA hrefwt:.=\"'x", max_size=80))
def test_whatever_comes(page: str) -> None:
    """No exception."""
    list(find_anchors(page))


def test_never_closed() -> None:
    """A page of opening brackets is one pass."""
    assert not list(find_anchors("<a " * 300_000))
