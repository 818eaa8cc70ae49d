"""sc.content.urls: URLs as browsers open them."""

import pytest
from ada_url import URL
from hypothesis import given
from hypothesis import strategies as st

from sc.content.urls import MAX_URL, canonical, within

HOSTS = [
    ("http://EVIL.example/", "evil.example"),
    ("http://0x7f.1/", "127.0.0.1"),
    ("http://2130706433/", "127.0.0.1"),
    ("http://0177.0.0.1/", "127.0.0.1"),
    ("http://1.2.3/", "1.2.0.3"),
    ("http://1.2.3.4./", "1.2.3.4"),
    ("http://\U0001d41e\U0001d42f\U0001d422\U0001d425.example/", "evil.example"),
    ("http://ev\u00adil\u200b.example/", "evil.example"),
    ("http://evil。example/", "evil.example"),
    ("http://ev\til.exa\nmple/", "evil.example"),
    ("http:\\\\evil.example\\a", "evil.example"),
    ("https:evil.example", "evil.example"),
    ("http:/evil.example", "evil.example"),
    ("http:///evil.example", "evil.example"),
    ("http://good.example@also@evil.example/", "evil.example"),
    ("http://%65vil.example/", "evil.example"),
    ("http://faß.example/", "xn--fa-hia.example"),
    ("http://evil.example./x", "evil.example"),
    ("http://a_b.example:8080/", "a_b.example"),
    ("http://[::ffff:1.2.3.4]/", "1.2.3.4"),
    ("ftp://[2a00::1]/", "2a00::1"),
    ("//evil.example/", "evil.example"),
    ("\\\\evil.example/", "evil.example"),
]


@pytest.mark.parametrize(("text", "host"), HOSTS)
def test_host(text: str, host: str) -> None:
    """However it is written, the host is the one that a browser asks."""
    url = canonical(text)
    assert url
    assert url.host == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "evil.example",
        "mailto:a@b.example",
        "javascript:alert(1)",
        "cid:x",
        "http://localhost/",
        "http://evil.example%2f.good.example/",
        "http://[fe80::1%25eth0]/",
        "http://a,b.example/",
        "http://a..example/",
        f"http://{'a' * 64}.example/",
        "http://\ud800.example/",
    ],
)
def test_no_url(text: str) -> None:
    """What names no host of the DNS is no link."""
    assert canonical(text) is None


def test_relative() -> None:
    """A relative URL needs a base."""
    url = canonical("../x?y#z", "https://a.example/b/c/d")
    assert url
    assert url.href == "https://a.example/b/x?y#z"
    assert url.key == "https://a.example/b/x?y"


def test_length() -> None:
    """A megabyte of URL is cut before it is parsed."""
    url = canonical("http://a.example/" + "x" * (1 << 20))
    assert url
    assert len(url.href) == MAX_URL


def test_within() -> None:
    """A domain ends at a label."""
    assert within("example.com", "example.com")
    assert within("a.example.com", "example.com")
    assert not within("evilexample.com", "example.com")


PIECES = ["a", "B", ".", "-", "_", "xn--", "0x1", "7", "/", "//", "%2e", "%", "..", "?"]
PIECES += ["#", "'", '"', ":", "80", "@", "\\", "[", " ", "é", "{", "|", "^", "~", "=&"]


@given(
    st.sampled_from(["http", "https"]), st.lists(st.sampled_from(PIECES), max_size=12)
)
def test_as_the_parser(scheme: str, pieces: list[str]) -> None:
    """What is not given to the parser is what the parser would have made of it."""
    text = f"{scheme}://a.ex" + "".join(pieces)
    url = canonical(text)
    if url and url.href in (text, text + "/"):
        parsed = URL(text)
        assert url.href == parsed.href
        assert url.host == parsed.hostname.rstrip(".")


@given(st.text(max_size=60), st.none() | st.text(max_size=20))
def test_never_raises(text: str, base: str | None) -> None:
    """Whatever the text, a URL with a host, or none."""
    for prefix in ("", "http://", "http://a.example/"):
        url = canonical(prefix + text, base)
        assert url is None or url.host
