"""sc.content.media: what a part says about itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.fields import iter_fields
from sc.content.media import Media, describe


def _describe(header: str) -> Media:
    return describe(iter_fields(header.encode()), "text/plain")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Media("text/plain")),
        ("Content-Type: nonsense", Media("text/plain")),
        ("CONTENT-TYPE: Text/HTML", Media("text/html")),
        ("Content-Type: text/a\nContent-Type: text/b", Media("text/a")),
        (
            "Content-Type: text/html charset=windows-1252",
            Media("text/html", charset="windows-1252"),
        ),
        (
            'Content-Type: text/a; charset = "k\\"x" ; Charset=y',
            Media("text/a", charset='k"x'),
        ),
        (
            'Content-Type: multipart/mixed;\n boundary="a b "',
            Media("multipart/mixed", boundary=b"a b"),
        ),
        (
            'Content-Transfer-Encoding: "Base64" ',
            Media("text/plain", encoding="base64"),
        ),
        (
            "Content-Disposition: attachment; filename=a.b",
            Media("text/plain", filename="a.b", attachment=True),
        ),
        (
            "Content-Disposition: inline; filename*=UTF-8''%e2%82%ac",
            Media("text/plain", filename="€"),
        ),
        (
            "Content-Type: text/a; name*1=b; name*0*=utf-8'en'%41; name*2*=%43",
            Media("text/a", filename="AbC"),
        ),
        (
            'Content-Type: text/a; name="=?utf-8?B?4oKs?= =?iso-8859-1*en?q?=e9_?="',
            Media("text/a", filename="€é "),
        ),
    ],
)
def test_describe(header: str, expected: Media) -> None:
    """Type, encoding and parameters, as real senders write them."""
    assert _describe(header) == expected


def test_parameter_flood() -> None:
    """Twenty thousand parameters are cut before they are parsed."""
    flood = "Content-Type: text/a" + "; a=b" * 20_000 + "; charset=x"
    assert _describe(flood) == Media("text/a")


PIECES = ["Content-Type:", "text/a", ";", "name", "*", "0", "=", '"', "\\", "'", "%4"]


@given(st.lists(st.sampled_from([*PIECES, "=?", "?b?", "?=", "²", "x"]), max_size=40))
def test_never_raises(pieces: list[str]) -> None:
    """Whatever stands in the fields, a description comes out."""
    assert "/" in _describe("Content-Type: text/a;" + "".join(pieces)).type
