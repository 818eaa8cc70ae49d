"""sc.content.dkim_signature: the signatures that a verifier may look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.dkim_signature import (
    MAX_FIELD,
    MAX_NAMES,
    MAX_SIGNATURES,
    Signature,
    read_signatures,
)
from sc.content.fields import read_fields

GOOD = (
    b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=Sender.example;\r\n"
    b"\ts=News; i=@mail.sender.example; h=From : Subject:\r\n CFBL-Address; bh=x;"
    b" b=AbC/\r\n d+f0 12"
)


def read(*values: bytes) -> tuple[Signature, ...]:
    fields = b"".join(b"DKIM-Signature: " + value + b"\r\n" for value in values)
    return read_signatures(read_fields(b"From: a@b.example\r\n" + fields + b"\r\n"))


def test_good() -> None:
    """Who signs what, with which key."""
    (found,) = read(GOOD)
    assert found == Signature(
        index=0,
        domain="sender.example",
        selector="news",
        identity="mail.sender.example",
        kind="rsa",
        signed=frozenset({"from", "subject", "cfbl-address"}),
        partial=False,
        relaxed_body=True,
        prefix="AbC/d+f0",
    )
    assert found.key_name == "news._domainkey.sender.example"


def test_variants() -> None:
    """Without `c=` blanks count; without `i=` the domain speaks; `l=` is noted."""
    plain = GOOD.replace(b"c=relaxed/relaxed; ", b"").replace(b"i=@mail.s", b"x=@s")
    (found,) = read(plain.replace(b"rsa", b"ed25519") + b"; l=0")
    assert (found.relaxed_body, found.identity) == (False, "sender.example")
    assert (found.kind, found.partial) == ("ed25519", True)
    (found,) = read(GOOD.replace(b"AbC/", b'"<x>'))
    assert found.prefix == ""


@pytest.mark.parametrize(
    "value",
    [
        GOOD.replace(b"rsa-sha256", b"rsa-sha1"),
        GOOD.replace(b"v=1", b"v=2"),
        GOOD.replace(b"From", b"Form"),
        GOOD.replace(b"Sender.example", b"sender example"),
        GOOD.replace(b"Sender.example", b"a" * 250),
        GOOD.replace(b"s=News", b"s="),
        GOOD.replace(b"@mail", b"@ma\xc3\xafl"),
        GOOD + b"; d=other.example",
        GOOD + b";;",
        GOOD + b"; z=" + b"x" * MAX_FIELD,
        GOOD.replace(b"; b=", b"; " + b" " * 33 + b"b="),
        GOOD.replace(b"From", b"From" + b":x" * MAX_NAMES),
    ],
)
def test_passed_over(value: bytes) -> None:
    """What no verifier takes, or what costs too much, is no signature."""
    assert read(value) == ()
    assert [one.index for one in read(value, GOOD)] == [1]


def test_many() -> None:
    """Only the first ones are read."""
    assert len(read(*[GOOD] * (MAX_SIGNATURES + 5))) == MAX_SIGNATURES


@given(st.text(alphabet=";=:vabdhislc1 \t.@rsa-h256", max_size=200))
def test_never_fails(value: str) -> None:
    """Whatever stands in the field, there is a signature or none."""
    read(value.encode(), GOOD)
