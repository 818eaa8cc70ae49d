"""DNS messages: what is asked, and what is believed of an answer."""

import struct

import pytest
from twisted.names import dns

from sc.wire.dns import (
    MAX_RECORDS,
    MailExchange,
    MessageError,
    Type,
    decode_answer,
    encode_query,
    normal,
)

HEAD = struct.Struct(">6H")
QUESTION = b"\x01a\x02bc\x00" + struct.pack(">HH", Type.A, 1)


def answer(
    records: bytes, count: int, flags: int = 0x8180, authority: int = 0
) -> bytes:
    return HEAD.pack(7, flags, 1, count, authority, 0) + QUESTION + records


def record(kind: int, payload: bytes, ttl: int = 60, class_: int = 1) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, class_, ttl, len(payload)) + payload


@pytest.mark.parametrize("edns", [True, False])
def test_query_as_twisted_reads_it(edns: bool) -> None:
    """An independent decoder reads the question that we wrote."""
    message = dns.Message()
    message.fromStr(encode_query(4711, "www.example", Type.AAAA, edns=edns))
    assert (message.id, message.recDes, message.answer) == (4711, 1, 0)
    assert [(q.name.name, q.type) for q in message.queries] == [(b"www.example", 28)]
    assert len(message.additional) == int(edns)


def test_answer_as_twisted_writes_it() -> None:
    """We read what an independent encoder wrote, compressed names included."""
    message = dns.Message(id=7, answer=1)
    message.queries = [dns.Query("a.bc", dns.A)]
    message.answers = [
        dns.RRHeader("a.bc", dns.CNAME, ttl=9, payload=dns.Record_CNAME("x.bc")),
        dns.RRHeader("X.bc", dns.A, ttl=8, payload=dns.Record_A("192.0.2.1")),
        dns.RRHeader("x.bc", dns.AAAA, ttl=7, payload=dns.Record_AAAA("2001:db8::1")),
        dns.RRHeader("x.bc", dns.TXT, ttl=6, payload=dns.Record_TXT(b"t")),
    ]
    read = decode_answer(message.toStr())
    assert [(r.name, r.ttl, str(r.data)) for r in read.records] == [
        ("a.bc", 9, "x.bc"),
        ("x.bc", 8, "192.0.2.1"),
        ("x.bc", 7, "2001:db8::1"),
        ("x.bc", 6, "b't'"),
    ]
    assert (read.id, read.name, read.type, read.code) == (7, "a.bc", 1, 0)


def test_text_and_mail_exchange() -> None:
    """The strings of a TXT record are one text; an MX has a preference and a host."""
    message = dns.Message(id=7, answer=1)
    message.queries = [dns.Query("a.bc", dns.TXT)]
    message.answers = [
        dns.RRHeader("a.bc", dns.TXT, payload=dns.Record_TXT(b"v=1; ", b"", b"p=\xff")),
        dns.RRHeader("a.bc", dns.MX, payload=dns.Record_MX(10, "MX.a.bc")),
        dns.RRHeader("a.bc", dns.MX, payload=dns.Record_MX(0, "")),
    ]
    read = decode_answer(message.toStr())
    assert [r.data for r in read.records] == [
        b"v=1; p=\xff",
        MailExchange(10, "mx.a.bc"),
        MailExchange(0, ""),
    ]


def test_negative_ttl() -> None:
    """How long "there is none" holds is the smaller of the zone's two numbers."""
    soa = record(Type.SOA, b"\x00\x00" + struct.pack(">5I", 1, 2, 3, 4, 120), ttl=300)
    other = record(2, b"\x00")
    assert decode_answer(answer(other + soa, 0, authority=2)).negative_ttl == 120
    assert decode_answer(answer(other, 0, authority=1)).negative_ttl is None


def test_truncated() -> None:
    """What stands in a truncated answer is not used."""
    read = decode_answer(answer(record(Type.A, b"\xc0\x00\x02\x01"), 1, flags=0x8380))
    assert read.truncated
    assert read.records == ()


def test_other_class_and_huge_ttl() -> None:
    """A record of another class is passed over, an impossible TTL is zero."""
    chaos = record(Type.A, b"\0\0\0\0", class_=3)
    read = decode_answer(answer(chaos + record(Type.A, b"\1\2\3\4", ttl=1 << 31), 2))
    assert [(str(r.data), r.ttl) for r in read.records] == [("1.2.3.4", 0)]


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "cut short"),
        (answer(b"", 0)[:-1], "cut short"),
        (answer(b"", 1), "cut short"),
        (answer(record(Type.A, b"\1\2\3\4")[:-1], 1), "cut short"),
        (answer(b"", 0, flags=0x0100), "not a response to one question"),
        (HEAD.pack(7, 0x8180, 2, 0, 0, 0) + QUESTION * 2, "not a response"),
        (answer(b"", MAX_RECORDS + 1), "201 records"),
        (answer(record(Type.A, b"\1\2\3"), 1), "wrong length"),
        (answer(record(Type.AAAA, b"\1\2\3\4"), 1), "wrong length"),
        (answer(record(Type.SOA, b"\0\0\1"), 1), "wrong length"),
        (answer(b"\xc0\xff" + record(1, b"")[2:], 1), "leads forwards"),
        (answer(b"\xc0\x18" + record(1, b"")[2:], 1), "leads forwards"),
        (answer(b"\x80" + record(1, b"")[2:], 1), "unknown kind of label"),
        (answer(b"\x3f" + b"a" * 10, 1), "wrong length"),
    ],
)
def test_malformed(octets: bytes, problem: str) -> None:
    """A malformed answer is refused with the reason."""
    with pytest.raises(MessageError, match=problem):
        decode_answer(octets)


@pytest.mark.parametrize(("labels", "fits"), [(126, True), (127, True), (128, False)])
def test_long_name(labels: int, fits: bool) -> None:
    """A name of 255 octets is read, a longer one is refused."""
    octets = HEAD.pack(7, 0x8180, 1, 0, 0, 0) + b"\x01a" * labels + b"\0\0\1\0\1"
    if fits:
        assert len(decode_answer(octets).name) == 2 * labels - 1
    else:
        with pytest.raises(MessageError, match="255"):
            decode_answer(octets)


def test_pointer_chain() -> None:
    """A long chain of pointers is refused: no octet is read a thousand times."""
    start = len(answer(record(Type.TXT, b""), 0))
    links = [0xC00C, *(0xC000 | start + 2 * n for n in range(299))]
    text = record(99, b"".join(struct.pack(">H", link) for link in links))
    last = struct.pack(">H", 0xC000 | start + 2 * 299)
    with pytest.raises(MessageError, match="255"):
        decode_answer(answer(text + last + record(Type.A, b"\1\2\3\4")[2:], 2))


@pytest.mark.parametrize("name", ["www.example", "WWW.Example.", "_x.example", "a"])
def test_normal(name: str) -> None:
    """Names are compared without regard to case and final dot."""
    assert normal(name) == name.lower().rstrip(".")
