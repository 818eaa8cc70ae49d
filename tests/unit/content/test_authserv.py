"""sc.content.authserv: whose an Authentication-Results field is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.authserv import (
    MAX_RESULTS,
    MAX_VALUE,
    claims,
    domains,
    read_results,
)

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


def test_results() -> None:
    """What a field says of known methods, however it is dressed up."""
    value = (
        b' mx.example.org (a; dkim=pass); dkim/1 = pass (2048-bit; "x") reason="a; b"'
        b"\r\n header.d=A.example header.b=x; spf=Fail smtp.mailfrom=u@b.example.;"
        b" iprev=pass; dmarc=sure; dmarc=none header.from=no_domain; junk"
    )
    assert [(one.method, one.result, domains(one)) for one in read_results(value)] == [
        ("dkim", "pass", ("a.example",)),
        ("spf", "fail", ("b.example",)),
        ("dmarc", "none", ()),
    ]
    assert list(read_results(b"mx.example.org; none")) == []
    many = b"mx" + b"; dkim=pass" * (MAX_RESULTS + 9)
    assert len(list(read_results(many))) == MAX_RESULTS


@pytest.mark.parametrize("end", ["", "\\"])
def test_results_behind_an_open_quote(end: str) -> None:
    """A quote that is not closed goes on to the end, and is looked for once."""
    value = 'mx; dkim=pass; "' + '; spf=pass \\"' * 600 + end
    assert [one.method for one in read_results(value.encode())] == ["dkim"]


@given(st.text(alphabet='()\\";= dkimpas.header', max_size=100))
def test_results_never_fail(value: str) -> None:
    """Whatever stands there, there are results or none."""
    list(read_results(value.encode()))
