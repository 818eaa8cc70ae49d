"""abuse.shorteners.personal: no URL is opened that tells whose message it stood in."""

import base64
import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.abuse.reports.recipients import Recipient, Recipients, read_recipients
from sc.abuse.shorteners.personal import MAX_RECIPIENTS, MAX_TOKEN, MAX_URL, Personal

BOB = "bob.miller+list@example.org"
PERSONAL = Personal(read_recipients(b"To: zoe@a.example\n\n", (BOB, "Ann@Sub.Example")))
RECIPIENT, TOKEN = "holds the recipient", "holds an opaque token"
HEX = BOB.encode().hex()


def encoded(text: str) -> str:
    return "".join(f"%{octet:02X}" for octet in text.encode())


SPELLINGS = {
    "plain": BOB,
    "upper": BOB.upper(),
    "escaped sign": BOB.replace("@", "%40"),
    "all escaped": encoded(BOB),
    "twice": quote(encoded(BOB)),
    "thrice": quote(quote(quote(BOB))),
    "with =": BOB.replace("@", "="),
    "base64": base64.b64encode(BOB.encode()).decode(),
    "base64 within": base64.b64encode(b"user:" + BOB.encode() + b":7").decode(),
    "base64 escaped": quote(base64.b64encode(b"<" + BOB.encode() + b">").decode()),
    "hex": HEX,
    "upper hex": HEX.upper(),
    "hex within": "00" + HEX + "ff",
    "local part": "bob.miller+list",
    "without detail": "bob.miller",
    "local part as a value": "?u=Bob.Miller&x=1",
    "other recipient": "ann@sub.example",
    "name of a field": "zoe@a.example",
    **{
        name: hashlib.new(name, BOB.encode()).hexdigest()
        for name in ("md5", "sha1", "sha256", "sha512")
    },
    "hash in lower case": hashlib.md5(b"ann@sub.example").hexdigest(),
    "beginning of a hash": hashlib.md5(BOB.encode()).hexdigest()[:8].upper(),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize(
    "where", ["https://bit.ly/{}", "https://bit.ly/a?e={}&b=c", "https://bit.ly/a#{}"]
)
def test_recipient(name: str, where: str) -> None:
    """A recipient is seen however he is spelt, wherever he stands."""
    assert PERSONAL.problem(where.format(SPELLINGS[name])) == RECIPIENT


@pytest.mark.parametrize(
    "token",
    [
        "a8f3c1d2-9b7e-4c55-8d21-0f6e7a9b3c4d",
        "a8f3c1d29b7e4c558d21",
        "eyJ1IjoiYWJjIn0.QWxsIG9mIGl0IGlzIHNlY3JldA",
        "dGhpcyBpcyBzZWNyZXQgdGV4dA==",
        "x_Yz9k-1Qb2_Ab3dR-34_CdEf5",
        "1234567890-1234567890",
        "abcdefghijklmnopqrst",
        "%61%38f3c1d29b7e4c558d21",
    ],
)
@pytest.mark.parametrize("where", ["https://bit.ly/{}", "https://bit.ly/a?x=1&e={}"])
def test_token(token: str, where: str) -> None:
    """A long random text may stand for somebody."""
    assert PERSONAL.problem(where.format(token)) == TOKEN


@pytest.mark.parametrize(
    "path",
    [
        "",
        "3xYz12A",
        "2p8k9wzr",
        "abcDEF123ghiJKL45",
        "a" * (MAX_TOKEN - 4) + "/b",
        "my-great-summer-sale-2026-is-here",
        "Claim_Your_Prize_Now_Today",
        "a/b?utm_source=mail&utm_campaign=sale",
        "bobmiller",
        "anniversary",
        "?q=%",
    ],
)
def test_nobody(path: str) -> None:
    """A service's own code and words that people choose tell nothing of anybody."""
    assert PERSONAL.problem("https://bit.ly/" + path) == ""


def test_long() -> None:
    """What is too long for a short link is not looked at, nor opened."""
    url = "https://bit.ly/" + "a-" * MAX_URL
    assert PERSONAL.problem(url) == f"has more than {MAX_URL} characters"
    assert PERSONAL.problem(url[:MAX_URL]) == ""


def test_escaped_without_end() -> None:
    """An escape in escapes is undone as often as anybody would."""
    assert PERSONAL.problem("https://bit.ly/%252525252525252541") == ""


def test_user_information() -> None:
    """A name in front of the host is not sent, but its link is not opened either."""
    assert PERSONAL.problem(f"https://{quote(BOB, safe='')}@bit.ly/a") == RECIPIENT


def test_bare_name() -> None:
    """A local part that a field names without a domain is a recipient, too."""
    personal = Personal(Recipients(), [b"alice"])
    assert personal.problem("https://bit.ly/alice") == RECIPIENT
    assert personal.problem("https://bit.ly/malice") == ""


def test_without_recipients() -> None:
    """A message that names nobody has no recipient in its links."""
    assert Personal(Recipients()).problem("https://bit.ly/bob@example.org") == ""


def test_many_recipients() -> None:
    """The first of many are looked for."""
    many = tuple(Recipient(b"user%d" % n, b"example.org") for n in range(1000))
    personal = Personal(Recipients(many))
    last = MAX_RECIPIENTS - 1
    assert personal.problem(f"https://bit.ly/user{last}@example.org") == RECIPIENT
    assert personal.problem(f"https://bit.ly/user{last + 1}@example.org") == ""


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Whatever stands in a URL, there is an answer."""
    said = PERSONAL.problem("https://bit.ly/" + text)
    assert said in ("", RECIPIENT, TOKEN) or said.startswith("has more than")
