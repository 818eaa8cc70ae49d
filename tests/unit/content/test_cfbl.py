"""sc.content.cfbl: whom a sender names, and whether it may (RFC 9477)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.cfbl import Claim, is_granted, read_claim, worth_verifying
from sc.content.dkim_signature import Signature
from sc.content.fields import read_fields
from tests.fakes.signed_mail import NEWS

WORDS = st.text(alphabet="ab@.;= reportxf", max_size=50)
BOTH = frozenset({"from", "cfbl-address", "cfbl-feedback-id"})


def claim(content: bytes) -> Claim | None:
    return read_claim(read_fields(content))


def signature(domain: str, *without: str, partial: bool = False) -> Signature:
    signed = BOTH - set(without)
    return Signature(0, domain, "s1", domain, "rsa", signed, partial, True)


def test_claim() -> None:
    """Address, domains and id are read; blanks in the id are none of it."""
    assert claim(NEWS) == Claim(
        "fbl@sender.example", "sender.example", "sender.example", "111:222:333:4444"
    )
    bare = NEWS.replace(b"; report=arf", b"").replace(b"CFBL-Feedback-ID", b"X-Y")
    found = claim(bare)
    assert found is not None
    assert found.feedback_id == ""
    assert found.covered == {"from", "cfbl-address"}


@pytest.mark.parametrize(
    ("author", "domain"),
    [
        (b"a@x.example", "x.example"),
        (b"<a@X.example>", "x.example"),
        (b'"a@bank.example" <b@x.example>', "x.example"),
        (b'"Smith, \\"J\\"" <b@x.example> (new: old)', "x.example"),
        (b"a@bank.example <b@x.example>", "x.example"),
        (b'"quoted local"@x.example', "x.example"),
        (b"a@x.example, b@y.example", None),
        (b"group: a@x.example;", None),
        (b"<a@x.example> <b@y.example>", None),
        (b"nobody", None),
        (b"x" * 2000 + b"@x.example", None),
    ],
)
def test_author(author: bytes, domain: str | None) -> None:
    """Only one mailbox in From speaks for a domain."""
    found = claim(NEWS.replace(b"News <news@sender.example>", author))
    assert (found and found.author) == domain


@pytest.mark.parametrize(
    "content",
    [
        NEWS.replace(b"CFBL-Address", b"X-Address"),
        NEWS.replace(b"fbl@sender.example", b"fbl"),
        NEWS.replace(b"fbl@sender.example", b"a@b.example, fbl@sender.example"),
        NEWS.replace(b"report=arf", b"report=html"),
        NEWS.replace(b"111:", b"<b>"),
        b"CFBL-Address: other@spam.example\r\n" + NEWS,
        b"CFBL-Feedback-ID: 1\r\n" + NEWS,
        b"From: other@spam.example\r\n" + NEWS,
        NEWS.replace(b"From:", b"Form:"),
    ],
)
def test_no_claim(content: bytes) -> None:
    """A field that is wrong, or stands there twice, names nobody."""
    assert claim(content) is None


@pytest.mark.parametrize(
    ("address", "author", "signers", "granted"),
    [
        ("a.example", "a.example", [signature("a.example")], True),
        ("m.a.example", "m.a.example", [signature("a.example")], True),
        ("m.a.example", "a.example", [signature("a.example")], True),
        ("m.a.example", "a.example", [signature("m.a.example")], False),
        ("a.example", "m.a.example", [signature("a.example")], True),
        ("a.example", "a.example", [signature("b.example")], False),
        ("a.example", "a.example", [signature("a.example", "cfbl-address")], False),
        ("a.example", "a.example", [signature("a.example", "cfbl-feedback-id")], False),
        ("a.example", "a.example", [], False),
        ("esp.example", "a.example", [signature("a.example")], False),
        ("esp.example", "a.example", [signature("esp.example")], False),
        (
            "esp.example",
            "a.example",
            [signature("a.example"), signature("esp.example")],
            True,
        ),
        (
            "esp.example",
            "a.example",
            [signature("a.example", "cfbl-address"), signature("esp.example")],
            True,
        ),
        (
            "esp.example",
            "a.example",
            [signature("a.example"), signature("esp.example", "cfbl-address")],
            False,
        ),
        ("bada.example", "a.example", [signature("a.example")], False),
    ],
)
def test_granted(
    address: str, author: str, signers: list[Signature], granted: bool
) -> None:
    """Strict, relaxed and third-party addresses, as RFC 9477 3.1 has them."""
    asked = Claim(f"fbl@{address}", address, author, "1")
    assert is_granted(asked, signers) is granted
    assert set(worth_verifying(asked, signers)) >= (set(signers) if granted else set())


def test_partial_signature() -> None:
    """A signature that leaves room for more text proves nothing."""
    asked = Claim("fbl@a.example", "a.example", "a.example")
    assert worth_verifying(asked, [signature("a.example", partial=True)]) == ()
    assert worth_verifying(asked, [signature("other.example")]) == ()


@given(st.text(alphabet='a@b.<>"\\(),;: \t', max_size=100), WORDS)
def test_never_fails(author: str, address: str) -> None:
    """Whatever stands there, there is a claim or none."""
    text = f"From: {author}\r\nCFBL-Address: {address}\r\n\r\n"
    claim(text.encode())
