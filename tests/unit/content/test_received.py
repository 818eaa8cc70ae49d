"""sc.content.received: Received fields in every shape."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc.content.received import (
    MAX_VALUE,
    Hop,
    _any_shape,
    _pieces,
    _tokens,
    _usual,
    read_received,
)

DATE = "; Mon, 19 Oct 2026 14:04:06 -0700 (PDT)"


def _hop(text: str) -> Hop:
    hop = read_received(text.encode())
    assert hop
    return hop


# The field, the address that the host saw, HELO, reverse name, `by`, protocol.
SHAPES = [
    (
        (
            "from helo.example (rdns.example [5.6.7.8])\r\n\t(using TLSv1.3 with "
            "cipher X (2/2))\r\n\t(No client certificate requested)\r\n\tby mx."
            "example.org (Postfix) with ESMTPS"
        ),
        "5.6.7.8",
        "helo.example",
        "rdns.example",
        "mx.example.org",
        "ESMTPS",
    ),
    (
        "from [1.2.3.4] (unknown [IPv6:2a00::1]) by MX.example. (Postfix) with SMTP",
        "2a00::1",
        "[1.2.3.4]",
        None,
        "mx.example",
        "SMTP",
    ),
    (
        (
            "from helo (ident@rdns.example [5.6.7.8] (may be forged)) by mx (8.17) "
            "with ESMTP id x"
        ),
        "5.6.7.8",
        "helo",
        "rdns.example",
        "mx",
        "ESMTP",
    ),
    (
        (
            "from rdns.example ([5.6.7.8] helo=[1.2.3.4] ident=x) by mx with esmtps "
            "(TLS1.3) (Exim 4.96)"
        ),
        "5.6.7.8",
        "[1.2.3.4]",
        "rdns.example",
        "mx",
        "esmtps",
    ),
    (
        "from [5.6.7.8] (helo=1.2.3.4) by mx with esmtp (Exim 4.96)",
        "5.6.7.8",
        "1.2.3.4",
        None,
        "mx",
        "esmtp",
    ),
    (
        "from unknown (HELO 1.2.3.4) (user@5.6.7.8) by mx with SMTP",
        "5.6.7.8",
        "1.2.3.4",
        None,
        "mx",
        "SMTP",
    ),
    (
        "from 5.6.7.8 (EHLO helo.example) (5.6.7.8) by mta.example with SMTPs",
        "5.6.7.8",
        "helo.example",
        None,
        "mta.example",
        "SMTPs",
    ),
    (
        (
            "from [127.0.1.1] (5.6.7.8) by AM.prod.example (10.1.2.3) with Microsoft "
            "SMTP Server (version=TLS1_2)"
        ),
        "5.6.7.8",
        "[127.0.1.1]",
        None,
        "am.prod.example",
        "Microsoft",
    ),
    (
        "from HOST ([fe80::1%6]) by HOST2 ([fe80::2%6]) with mapi id 15.20",
        "fe80::1",
        "HOST",
        None,
        "host2",
        "mapi",
    ),
    (
        "from rdns.example (rdns.example. [5.6.7.8]) by mx.google.com with ESMTPS id x",
        "5.6.7.8",
        "rdns.example",
        "rdns.example",
        "mx.google.com",
        "ESMTPS",
    ),
    (
        "from helo ([::ffff:5.6.7.8]) by mx with ESMTP",
        "5.6.7.8",
        "helo",
        None,
        "mx",
        "ESMTP",
    ),
    (
        "from helo [5.6.7.8] by mx [10.1.1.1] with SMTP (MDaemon)",
        "5.6.7.8",
        "helo",
        None,
        "mx",
        "SMTP",
    ),
    (
        "from by (with [5.6.7.8]) by mx with ESMTP",
        "5.6.7.8",
        "by",
        "with",
        "mx",
        "ESMTP",
    ),
    (
        "from x([1.2.3.4]) (rdns.example [5.6.7.8]) by mx with ESMTP",
        "5.6.7.8",
        "x",
        "rdns.example",
        "mx",
        "ESMTP",
    ),
    (
        'from ([1.2.3.4]) (x [5.6.7.8]) (Client CN "[9.9.9.9]") by mx via HTTP',
        "1.2.3.4",
        None,
        None,
        "mx",
        "HTTP",
    ),
    ("from user by mx with local (Exim 4.96)", None, "user", "user", "mx", "local"),
    (
        "by 2002:a05:6000:1::1 with SMTP id x",
        None,
        None,
        None,
        "2002:a05:6000:1::1",
        "SMTP",
    ),
    (
        "from 5.6.7.8 by web.example via HTTP",
        "5.6.7.8",
        "5.6.7.8",
        None,
        "web.example",
        "HTTP",
    ),
    ("from 5.6.7.8 by mx with SMTP", None, "5.6.7.8", None, "mx", "SMTP"),
    (
        "from [1.2.3.4] (unknown [unknown]) by mx with SMTP",
        None,
        "[1.2.3.4]",
        None,
        "mx",
        "SMTP",
    ),
    ("from a (rdns [999.1.1.1]) by mx", None, "a", None, "mx", None),
    ("from a (no end by mx with SMTP", None, "a", None, "", None),
]


@pytest.mark.parametrize(("text", "ip", "helo", "rdns", "by", "protocol"), SHAPES)
def test_shapes(
    text: str, ip: str, helo: str, rdns: str, by: str, protocol: str
) -> None:
    """What the receiving host saw is told from what the client said of itself."""
    hop = _hop(text + DATE)
    seen = str(hop.ip) if hop.ip else None
    assert (seen, hop.helo, hop.by, hop.protocol) == (ip, helo, by, protocol)
    assert hop.date == datetime(2026, 10, 19, 21, 4, 6, tzinfo=UTC)
    assert hop.header == "Received: " + " ".join((text + DATE).split())
    if hop.ip:
        assert hop.rdns == rdns


@pytest.mark.parametrize(
    "text",
    [
        "from a (b [5.6.7.8]) by mx with ESMTPSA",
        "from a (b [5.6.7.8]) by mx with esmtpa (Exim 4.96)",
        "from a (b [5.6.7.8]) by mx with UTF8SMTPSA",
        "from a (b [5.6.7.8]) (Authenticated sender: u) by mx with ESMTPS",
        "from a (b [5.6.7.8]) (authenticated bits=0) by mx with ESMTP",
        "from [5.6.7.8] (account u@d.example HELO a) by mx with ESMTP",
        "from [5.6.7.8] (SquirrelMail authenticated user u) by mx with HTTP",
        "from a ([5.6.7.8]) by mx with HTTPS",
    ],
)
def test_authenticated(text: str) -> None:
    """Our own users are known by every MTA's own words."""
    assert _hop(text).authenticated


@pytest.mark.parametrize(
    "text",
    [
        "from a (authenticated [5.6.7.8]) by mx with ESMTP",
        "from authenticated (auth.example [5.6.7.8]) by mx with ESMTPS",
        "from unknown (HELO authenticated) (5.6.7.8) by mx with SMTP",
    ],
)
def test_not_authenticated(text: str) -> None:
    """A stranger does not become our user by its name."""
    assert not _hop(text).authenticated


def test_port_and_own_address() -> None:
    """The client's port is kept where it is logged, and the host's own address."""
    hop = _hop("from [5.6.7.8]:4567 (helo=x) by mx ([9.9.9.9]) with esmtp (Exim)")
    assert (hop.port, str(hop.by_ip)) == (4567, "9.9.9.9")
    assert _hop("from x ([5.6.7.8]:99999) by [9.9.9.9]").port is None


def test_fetched() -> None:
    """POP and IMAP hand nothing over from host to host."""
    assert _hop("from pop.example [5.6.7.8] by pc with POP3 (fetchmail)").fetched
    assert not _hop("from a ([5.6.7.8]) by pc with ESMTP").fetched


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("by mx with SMTP id x", True),
        ("(from joe@localhost) by mx (8.17/8.17) id x", True),
        ("from user by mx with local (Exim 4.96)", True),
        ("from mx ([5.6.7.8]) by imap with LMTPS id x", True),
        ("from mx ([unix socket]) by imap (Cyrus) with LMTPA", True),
        ("from localhost (localhost [[UNIX: localhost]]) by mx (8.17/8.17) id x", True),
        ("from ([5.6.7.8]) by mx with SMTP", False),
        ("from joe@a.example by mx by uid 1005 with qmail-scanner-1.10 (x)", True),
        ("from local by mx with ESMTP", False),
    ],
)
def test_local(text: str, *, local: bool) -> None:
    """Where no stranger took part, there is no relay to find."""
    assert _hop(text).local == local


@pytest.mark.parametrize("text", ["", "(qmail 1 invoked by uid 2); date", "x", ";"])
def test_no_hop(text: str) -> None:
    """A field that names no host is none."""
    assert read_received(text.encode()) is None


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (
            "by mx; Mon, 19 Oct 2026 14:04:06",
            datetime(2026, 10, 19, 14, 4, 6, tzinfo=UTC),
        ),
        (
            "by mx id x 2026-10-19 14:04:06.123456 +0000 UTC m=+1",
            datetime(2026, 10, 19, 14, 4, 6, tzinfo=UTC),
        ),
        ("by mx; Mon, 99 Oct 2026 14:04:06 +0000", None),
        ("by mx; 2026-19-19", None),
        ("by mx id x 2026-19-19 14:04:06 +0000 UTC", None),
        ("by mx", None),
    ],
)
def test_date(date: str, expected: datetime | None) -> None:
    """The time is UTC; without a zone it is taken for UTC."""
    assert _hop(date).date == expected


@given(st.text(alphabet='from by[]()1.2;" heloHELO=:%', max_size=120), st.binary())
def test_never_raises(text: str, tail: bytes) -> None:
    """Whatever stands in the field, a hop or none."""
    hop = read_received(b"from a " + text.encode() + tail)
    assert hop is None or hop.header
    read_received(b"from x (" * 10_000 + tail)


WORDS = ["from", "by", " ", "a", "(", ")", "((", "))", '"', "\\", ";", "[1.2.3.4]", "("]


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_all_at_once(words: list[str]) -> None:
    """Words that are found at once are those that are found one by one."""
    header = " ".join("".join(words).split())
    assert _pieces(header) == list(_tokens(header))


@pytest.mark.parametrize("piece", ["(", "(a ", "(()", "()", '("', "x(", "((((x))))"])
def test_brackets(piece: str) -> None:
    """Brackets beyond any sense are one pass, too."""
    header = (piece * MAX_VALUE)[:MAX_VALUE]
    assert _pieces(header) == list(_tokens(header))


# What may stand in each place of the usual field; the first of each is usual.
PLACES = [
    ["from a.example ", "from by ", "from [9.9.9.9] ", "from helo=x ", "From a "],
    ["(b.example ", "(helo.example ", "(EHLO ", "(unknown ", "(1.2.3.4 ", "(", "(x@b "],
    ["[5.6.7.8]", "[IPv6:2a00::1]", "[5.6.7]", "[::ffff:5.6.7.8]", "[5.6.7.8]:25"],
    [")", " (may be forged))", " helo=x)", ""],
    [" (using TLSv1.3 with cipher X (2/2))", "", " (using TLS UNIX: )", " (ehlo x)"],
    ["", " (No client certificate requested)", " (authenticated bits=0)"],
    [" by mx.example.", " by MX", " by 9.8.7.6", " by with", " by [9.8.7.6]", ""],
    [" (Postfix)", "", " (Exim 4)", " ( 7.7.7.7 )", " (smtp-auth user)", ' (";)'],
    [" with ESMTP", "", " with esmtpsa", " with POP3", " with LMTP", " with id"],
    [" id 1=2", "", " id for", ' id "x"', " id ()"],
    [" for <a@b.example>", "", " for a,b", " for <>", " for by", " for a with SMTP"],
    ["; Mon", "", " (envelope-from <a>); Mon", ";(", " from d by e"],
]


@given(st.tuples(*map(st.sampled_from, PLACES)))
def test_usual(places: tuple[str, ...]) -> None:
    """What is read in one look is what would be read word by word."""
    header = " ".join("".join(places).split())
    hop = _usual(header)
    assert hop is None or hop == _any_shape(header)


def test_usual_first() -> None:
    """The usual field is read in one look."""
    assert _usual("".join(place[0] for place in PLACES))


def test_name_is_no_login() -> None:
    """The client chooses its reverse name: it must not pass for a user of ours."""
    for name in ("smtp-auth.example", "smtp-auth", "authenticated"):
        hop = _hop(f"from a ({name} [5.6.7.8]) by mx.example with SMTP" + DATE)
        assert not hop.authenticated
    logged_in = "from a ([5.6.7.8]) (smtp-auth username b) by mx.example with SMTP"
    assert _hop(logged_in).authenticated
