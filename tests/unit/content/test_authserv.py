"""sc.content.authserv: whose an Authentication-Results field is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.authserv import MAX_VALUE, claims

OURS = "mx.example.org"


@pytest.mark.parametrize(
    "value",
    [
        b" mx.example.org; spf=pass smtp.mailfrom=bank.example",
        b" MX.Example.ORG 1; none",
        b" mx.example.org.; none",
        b"\r\n\tmx.example.org;\r\n\tdkim=pass header.d=bank.example",
        b' "mx.example.org"; dkim=pass',
        b' "mx.ex\\ample.org"; dkim=pass',
        b" (of (the) a=b;) mx.example.org; dkim=pass",
        b" (a\\)b) mx.example.org (c); dkim=pass",
        b" mx.example.org/1; dkim=pass",
        b" (never closed mx.example.org; dkim=pass",
        b" mx.example.org",
        b" (" + b"x" * MAX_VALUE + b") mx.example.org; dkim=pass",
    ],
)
def test_ours(value: bytes) -> None:
    """However it is dressed up, it says that we wrote it."""
    assert claims(value, OURS)
    assert claims(value, OURS.upper())


@pytest.mark.parametrize(
    "value",
    [
        b" mx.example.net; spf=pass smtp.mailfrom=mx.example.org",
        b" (mx.example.org) mx.example.net; spf=pass",
        b" other.mx.example.org; spf=pass",
        b" mx.example.org.evil.example; spf=pass",
        b" mx-example.org; spf=pass",
        b" mx.example.organic; none",
        b" mx.example.net; dkim=pass reason=" + b"x" * MAX_VALUE,
        b"",
    ],
)
def test_not_ours(value: bytes) -> None:
    """What another host found stays: signatures may cover it."""
    assert not claims(value, OURS)


@given(st.text(alphabet='()\\";= amx.example.org', max_size=80))
def test_whatever_comes(value: str) -> None:
    """No exception; and with our name in front there is no doubt."""
    claims(value.encode(), OURS)
    assert claims(f"{OURS}; {value}".encode(), OURS) or "(" in value
