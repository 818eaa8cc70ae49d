"""sc.wire.icap: what a service is shown, and what it says."""

import re

import pytest

from sc.wire import icap
from sc.wire.icap import Clean, Client, Found, Method, ProtocolError, Verdict, Violation
from tests.fakes.icap import CLEAN, CONTINUE, OPTIONS, PAGE, answer, found

MAIL = b"Subject: x\r\n\r\n" + b"hello " * 1000
SAME = b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n"


def client(content: bytes | None = MAIL, method: Method = Method.RESPMOD) -> Client:
    return Client("avscan", method, content)


def without(*names: bytes) -> bytes:
    """The options without these lines."""
    pattern = rb"(?:%s)[^\r]*\r\n" % rb"|".join(names)
    return re.sub(pattern, b"", OPTIONS)


def sent(one: Client, octets: bytes) -> bytes:
    """What it answers, all pieces of it."""
    assert one.receive(octets) == b""
    return b"".join(iter(one.more, b""))


def verdict(reply: bytes, method: Method = Method.RESPMOD) -> Verdict | None:
    """What a reply to the whole message comes to."""
    one = client(method=method)
    one.receive(without(b"Preview"))
    assert one.receive(reply) == b""
    return one.outcome


def test_options() -> None:
    """What the service offers is asked first; without a message that is all."""
    one = client(None)
    assert one.opening() == (
        b"OPTIONS icap://localhost/avscan ICAP/1.0\r\nHost: localhost\r\n"
        b"Encapsulated: null-body=0\r\n\r\n"
    )
    assert one.receive(OPTIONS[:20]) == b""
    assert one.outcome is None
    assert one.receive(OPTIONS[20:]) == b""
    assert one.outcome == Clean()


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"ICAP/1.0 404 Service not found\r\n\r\n", "OPTIONS with status 404"),
        (without(b"Methods"), "does not offer RESPMOD"),
        (OPTIONS.replace(b"RESPMOD", b"NOTHING"), "does not offer RESPMOD"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "does not speak ICAP"),
        (b"ICAP/1.0 200 OK\r\nno colon\r\n\r\n", "broken line"),
        (b"x" * (icap.MAX_HEAD + 1), "no end"),
        (b"x" * (icap.MAX_HEAD + 1) + b"\r\n\r\n", "no end"),
    ],
)
def test_no_service(octets: bytes, why: str) -> None:
    """What offers nothing that we need is not asked."""
    with pytest.raises(ProtocolError, match=why):
        client().receive(octets)


def test_respmod() -> None:
    """The message is the body of an answer, in chunks; the parts are told."""
    request = sent(client(b"Hi"), without(b"Preview"))
    head, _, http = request.partition(b"\r\n\r\n")
    asked = b"GET /message.eml HTTP/1.1\r\nHost: localhost\r\n\r\n"
    told = (
        b"HTTP/1.1 200 OK\r\nContent-Type: message/rfc822\r\nContent-Length: 2\r\n\r\n"
    )
    assert head == (
        b"RESPMOD icap://localhost/avscan ICAP/1.0\r\nHost: localhost\r\nAllow: 204\r\n"
        b"Encapsulated: req-hdr=0, res-hdr=%d, res-body=%d"
        % (len(asked), len(asked + told))
    )
    assert http == asked + told + b"2\r\nHi\r\n0\r\n\r\n"


def test_reqmod() -> None:
    """The message is an upload."""
    request = sent(client(b"Hi", Method.REQMOD), without(b"Preview"))
    assert request.startswith(b"REQMOD icap://localhost/avscan ICAP/1.0\r\n")
    assert b"Encapsulated: req-hdr=0, req-body=96\r\n" in request
    assert b"\r\n\r\nPOST /message.eml HTTP/1.1\r\n" in request
    assert request.endswith(b"\r\n\r\n2\r\nHi\r\n0\r\n\r\n")


def test_preview() -> None:
    """The first octets, and the rest when the service asks to go on."""
    one = client()
    first = sent(one, OPTIONS)
    assert b"Preview: 1024\r\n" in first
    assert first.endswith(b"400\r\n" + MAIL[:1024] + b"\r\n0\r\n\r\n")
    rest = sent(one, CONTINUE)
    assert rest == b"%x\r\n%s\r\n0\r\n\r\n" % (len(MAIL) - 1024, MAIL[1024:])
    one.receive(CLEAN)
    assert one.outcome == Clean()


def test_whole_in_preview() -> None:
    """A short message is whole at once, and the service is told so."""
    one = client(b"Hi")
    assert sent(one, OPTIONS).endswith(b"2\r\nHi\r\n0; ieof\r\n\r\n")
    with pytest.raises(ProtocolError, match="status 100"):
        one.receive(CONTINUE)


def test_empty_preview() -> None:
    """A service that wants the header alone first gets no octet more."""
    first = sent(client(), OPTIONS.replace(b"Preview: 1024", b"Preview: 0"))
    assert first.endswith(b"\r\n\r\n0\r\n\r\n")


def test_verdict_in_preview() -> None:
    """A service that knows enough is shown no more."""
    one = client()
    one.receive(OPTIONS)
    assert sent(one, found()).endswith(b"\r\n0\r\n\r\n")
    assert one.outcome == Found(("Eicar-Test-Signature",))
    assert one.more() == b""


def test_long_message() -> None:
    """A long message goes in chunks."""
    one = client(bytes(2 * icap.CHUNK + 1))
    one.receive(without(b"Preview"))
    pieces = list(iter(one.more, b""))
    assert max(map(len, pieces)) < icap.CHUNK + 1000
    assert pieces[-2:] == [b"1\r\n\0\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (CLEAN, Clean()),
        (found(b"Troj/DocDl-OYC"), Found(("Troj/DocDl-OYC",))),
        (
            answer(b"X-Virus-ID: HEUR:Backdoor.gen, EICAR"),
            Found(("HEUR:Backdoor.gen", "EICAR")),
        ),
        (answer(b"X-Virus-Name: Evil"), Found(("Evil",))),
        (answer(b'X-FSecure-Infection-Name: "Malware.W97M"'), Found(("Malware.W97M",))),
        (answer(b"X-Virus-ID: A", b"X-Virus-ID: A"), Found(("A",))),
        (
            answer(b"X-Violations-Found: 1\r\n\t-\r\n\tEicar\r\n\t0\r\n\t0"),
            Found(("Eicar",)),
        ),
        (answer(b"X-Violations-Found: 2"), Found(("unnamed",))),
        (answer(b"X-Infection-Found: rubbish"), Found(("unnamed",))),
        (answer(b"X-Virus-ID: \xe9" + b"x" * 500), Found(("?" + "x" * 127,))),
        (
            answer(
                b"X-Infection-Found: Type=2; Resolution=2; Threat=Encrypted container;"
            ),
            Violation("Encrypted container"),
        ),
        (answer(), Found(("unnamed: HTTP status 403",))),
        (answer(body=None), Found(("unnamed: HTTP status 403",))),
        (answer(http=SAME, body=None), Found(("unnamed: nothing in its place",))),
        (answer(http=SAME, body=b"cleaned"), Found(("unnamed: another message",))),
        (answer(http=SAME, body=MAIL), Clean()),
        (answer(http=SAME, body=MAIL[:-1]), Found(("unnamed: another message",))),
        (answer(http=SAME, body=MAIL + b"x"), Found(("unnamed: another message",))),
        (answer(b"X-Virus-ID: no threats", http=SAME, body=MAIL), Clean()),
        (answer(b"X-Violations-Found: 0", http=SAME, body=MAIL), Clean()),
        (CLEAN.replace(b"\r\n\r\n", b"\r\nX-Virus-ID: Evil\r\n\r\n"), Found(("Evil",))),
    ],
)
def test_verdicts(reply: bytes, expected: Verdict) -> None:
    """What many makers say; what is not given back is bad; all octet by octet, too."""
    assert verdict(reply) == expected
    one = client()
    one.receive(without(b"Preview"))
    for octet in reply:
        one.receive(bytes((octet,)))
    assert one.outcome == expected


def test_reqmod_verdicts() -> None:
    """An upload that may go on comes back; an answer in its place refuses it."""
    echo = (
        b"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, req-body=4\r\n\r\nPOST"
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(MAIL), MAIL)
    )
    assert verdict(echo, Method.REQMOD) == Clean()
    refused = Found(("unnamed: HTTP status 200",))
    assert verdict(answer(http=SAME), Method.REQMOD) == refused


@pytest.mark.parametrize(
    "reply",
    [
        b"ICAP/1.0 500 Server error\r\n\r\n",
        b"ICAP/1.0 100 Continue\r\n\r\n",
        b"ICAP/1.0 200 OK\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=999999\r\n\r\n",
        answer(http=b"rubbish\r\n\r\n"),
        answer(http=SAME).replace(b"2\r\nno", b"xyz\r\n" + b"x" * 200),
        b"\x15\x03garbage\r\n\r\n",
    ],
)
def test_no_verdict(reply: bytes) -> None:
    """What is no answer is an error, never clean."""
    with pytest.raises(ProtocolError):
        verdict(reply)


@pytest.mark.parametrize("whole", [CLEAN, answer(http=SAME, body=MAIL[:100])])
def test_no_part_of_a_reply_is_one(whole: bytes) -> None:
    """Wherever a reply is cut, its last line end apart, there is no verdict yet."""
    for cut in range(len(whole) - 2):
        one = client(MAIL[:100])
        one.receive(without(b"Preview"))
        one.receive(whole[:cut])
        assert one.outcome is None
    assert PAGE not in whole
