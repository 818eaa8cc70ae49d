"""sc.wire.maildmarc: what Mail::DMARC is told, and what counts as its judgement."""

import json

import pytest

from sc.wire import maildmarc
from sc.wire.http_client import ProtocolError
from sc.wire.maildmarc import Disposition, Facts, Judged, Proof, Refused, Result
from tests.fakes.maildmarc import judged, reply


def test_request() -> None:
    """Everything that is known."""
    facts = Facts(
        "example.com",
        "192.0.2.1",
        "example.net",
        "example.org",
        (Proof("example.net", "pass", "mfrom"),),
        (Proof("example.com", "fail", "s1"),) * 100,
    )
    head, _, body = b"".join(maildmarc.request(facts)).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /dmarc/json/validate HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in head
    told = json.loads(body)
    signature = {"domain": "example.com", "result": "fail", "selector": "s1"}
    assert told.pop("dkim") == [signature] * maildmarc.MAX_SIGNATURES
    assert told == {
        "header_from": "example.com",
        "source_ip": "192.0.2.1",
        "envelope_from": "example.net",
        "envelope_to": "example.org",
        "spf": [{"domain": "example.net", "result": "pass", "scope": "mfrom"}],
    }


def test_nothing_known() -> None:
    """What is not known is not told."""
    assert b"".join(maildmarc.request(Facts("example.com"))).endswith(
        b'\r\n\r\n{"header_from": "example.com"}'
    )
    assert b"".join(maildmarc.probe()).endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("example.com", True),
        ("_x.xn--bcher-kva.example", True),
        ("", False),
        ("example", False),
        ("a..example.com", False),
        ("example.com\n", False),
        ("192.0.2.1", False),
        ("é.example.com", False),
        ("x." * 200 + "com", False),
    ],
)
def test_domains(text: str, known: bool) -> None:
    """Mail::DMARC hears of domains only."""
    assert maildmarc.is_domain(text) is known


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (judged("pass"), Judged(Result.PASS, Disposition.NONE)),
        (
            judged("fail", "reject", "Example.com"),
            Judged(Result.FAIL, Disposition.REJECT, "example.com"),
        ),
        (judged("none"), Judged(Result.NONE, Disposition.NONE)),
        (
            reply({"err": "invalid envelope_to\u00e9 at /usr/share/x.pm line 62.\n"}),
            Refused("invalid envelope_to?"),
        ),
    ],
)
def test_replies(octets: bytes, said: maildmarc.Reply) -> None:
    """A judgement, or why there is none, without Perl's paths."""
    assert maildmarc.parse_reply(octets) == said


SPF = (Proof("example.com", "pass", "mfrom"),)
OTHER = (Proof("mail.example.com", "pass", "s1"),)


@pytest.mark.parametrize(
    ("judgement", "facts", "about"),
    [
        (Judged(Result.NONE, Disposition.NONE), Facts("example.com"), True),
        (Judged(Result.FAIL, Disposition.REJECT), Facts("example.com"), True),
        (Judged(Result.FAIL, Disposition.REJECT), Facts("example.com", spf=SPF), False),
        (Judged(Result.FAIL, Disposition.NONE), Facts("x.com", spf=SPF), True),
        (Judged(Result.PASS, Disposition.NONE), Facts("example.com"), False),
        (Judged(Result.PASS, Disposition.NONE), Facts("example.com", dkim=OTHER), True),
        (
            Judged(Result.FAIL, Disposition.NONE, "example.com"),
            Facts("a.example.com"),
            True,
        ),
        (
            Judged(Result.FAIL, Disposition.NONE, "example.com"),
            Facts("badexample.com"),
            False,
        ),
    ],
)
def test_about(judgement: Judged, facts: Facts, about: bool) -> None:
    """A judgement about another message is known by its domain and its proofs."""
    assert judgement.is_about(facts) is about


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        reply({}),
        reply([]),
        reply({"result": "pass"}),
        reply({"result": "pass", "disposition": None}),
        reply({"result": [], "disposition": "none"}),
        reply({"err": 1}),
        reply({"result": "pass", "disposition": "none", "published": "x"}),
        judged("permerror"),
        judged("pass").replace(b"200 OK", b"500 no"),
        judged("pass")[:-3],
    ],
)
def test_no_judgement(octets: bytes) -> None:
    """What is none is an error, never a pass."""
    with pytest.raises(ProtocolError):
        maildmarc.parse_reply(octets)
