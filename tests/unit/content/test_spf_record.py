"""sc.content.spf_record: what the public tests do not show."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from sc.content.spf_record import (
    MAX_RECORD,
    Directive,
    Mechanism,
    Result,
    SpfError,
    read_record,
    select,
)


def test_whole() -> None:
    """A record of everything is read in its order."""
    record = read_record(
        b"v=spf1 a:x.example/24//64  ~mx ?ip6:2001:db8::/32 -all redirect=y.example"
    )
    assert record.redirect == "y.example"
    assert record.directives == (
        Directive(Result.PASS, Mechanism.A, "x.example", None, 24, 64),
        Directive(Result.SOFTFAIL, Mechanism.MX),
        Directive(
            Result.NEUTRAL, Mechanism.IP6, ip=IPv6Address("2001:db8::"), prefix6=32
        ),
        Directive(Result.FAIL, Mechanism.ALL),
    )


@pytest.mark.parametrize(
    "terms",
    [
        "all:x",
        "ip4",
        "ip4:2001:db8::1",
        "ip6:192.0.2.1",
        "ip6:fe80::1%eth0",
        "ip4:192.0.2.0/33",
        "ip4:192.0.2.0/",
        "ip4:192.0.2.0/024",
        "a/33",
        "mx//129",
        "a:" + "x" * 513 + ".example",
        "exists:%{d0}.example",
        "include",
        "ptr/24",
        "redirect=a.example redirect=a.example",
        "exp=",
        "x=%",
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "ip4:192.0.2.1 " * (MAX_RECORD // 14 + 1),
    ],
    ids=lambda terms: terms[:30].encode().decode("latin-1"),
)
def test_wrong(terms: str) -> None:
    """What breaks the rules is an error, and its words are not repeated."""
    with pytest.raises(SpfError) as raised:
        read_record(f"v=spf1 {terms}".encode())
    assert not {"example", "192"} & set(str(raised.value).replace(".", " ").split())


def test_select() -> None:
    """Other texts at the same name are none of our business; two policies are."""
    assert select([b"v=spf10", b"V=SPF1 -all", b"x"]) == b"V=SPF1 -all"
    assert select([b"v=DMARC1"]) is None
    with pytest.raises(SpfError, match="several"):
        select([b"v=spf1", b"v=spf1 -all"])


def test_families() -> None:
    """An address of one family never matches one of the other."""
    every = Directive(Result.PASS, Mechanism.A, prefix4=0, prefix6=0)
    four, six = IPv4Address("192.0.2.1"), IPv6Address("2001:db8::1")
    assert every.holds(four, IPv4Address("198.51.100.1"))
    assert every.holds(six, IPv6Address("::"))
    assert not every.holds(four, six)
