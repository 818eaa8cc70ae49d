"""sc.content.charset: octets to text, whatever is declared."""

import encodings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.charset import decode, lookup


@pytest.mark.parametrize(
    ("payload", "declared", "expected"),
    [
        ("é".encode(), "utf-8", "é"),
        ("é".encode(), None, "é"),
        (b"\xe9", None, "é"),
        (b"\x80", "iso-8859-1", "€"),
        ("é".encode(), "us-ascii", "é"),
        ("я".encode("koi8-r"), "KOI8-R", "я"),
        ("中".encode("gbk"), "gb2312", "中"),
        (b"\xff\xfea\0", "utf-8", "a"),
        (b"\xef\xbb\xbfa", None, "a"),
        (b"a\xff", "utf-8", "aÿ"),
        (b"a\x81", "utf-8", "a\ufffd"),
        ("é".encode(), '"u"tf-8', "é"),
        (b"a", "[charse<!doctype html>", "a"),
        (b"a", "unknown-8bit", "a"),
        (b"+AGE-", "utf-7", "a"),
    ],
)
def test_decode(payload: bytes, declared: str | None, expected: str) -> None:
    """Declared, then what fits; octets that nothing explains are replaced."""
    assert decode(payload, declared) == expected


def test_meta() -> None:
    """HTML may say it itself; plain text may not."""
    html = b'<meta http-equiv=x content="text/html; charset=koi8-r">\xd1'
    assert decode(html, None, html=True).endswith("я")
    assert decode(html, None).endswith("Ñ")
    assert decode(html.replace(b"koi8-r", b"none"), None, html=True).endswith("Ñ")


@pytest.mark.parametrize(
    "label", ["", "zlib", "base64", "rot13", "idna", "punycode", "unicode_escape", "?"]
)
def test_no_charset(label: str) -> None:
    """Codecs that are no character set are unknown to us."""
    assert lookup(label) is None


def test_labels_are_not_remembered() -> None:
    """A stranger's labels do not grow Python's table of codecs."""
    before = len(encodings._cache)
    for number in range(100):
        assert lookup(f"stranger-{number}") is None
    assert len(encodings._cache) == before


@given(st.binary(max_size=200), st.text(max_size=50), st.booleans())
def test_never_raises(payload: bytes, declared: str, html: bool) -> None:
    """Whatever the octets and the label, text comes out."""
    assert isinstance(decode(payload, declared, html=html), str)
