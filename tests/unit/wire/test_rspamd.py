"""sc.wire.rspamd: what rspamd is told, and what counts as its answer."""

import json
from ipaddress import ip_address
from typing import Any

import pytest

from sc.model.envelope import Envelope
from sc.wire import rspamd
from sc.wire.http_client import ProtocolError, parse_reply
from sc.wire.rspamd import Hit, Refused, Result
from tests.fakes.rspamd import gtube, reply, result


def parse(octets: bytes) -> rspamd.Reply:
    return rspamd.read_reply(parse_reply(octets))


def told(envelope: Envelope) -> list[str]:
    """The fields of the request that say something of the envelope."""
    head = b"".join(rspamd.request(b"x", envelope)).partition(b"\r\n\r\n")[0]
    lines = head.decode().split("\r\n")
    assert lines[:4] == [
        "POST /checkv2 HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Length: 1",
    ]
    return lines[4:]


def test_envelope() -> None:
    """rspamd hears of the envelope what its checks need."""
    envelope = Envelope(
        sender="a@example.org",
        recipients=("b@example.org", "é@example.org"),
        client_ip=ip_address("2001:db8::1"),
        client_name="mail.example.org",
        helo="[192.0.2.1]",
        user="joe",
        queue_id="4711",
        preferences="nobody",
        tls="TLSv1.3",
    )
    assert told(envelope) == [
        "IP: 2001:db8::1",
        "Helo: [192.0.2.1]",
        "Hostname: mail.example.org",
        "Queue-Id: 4711",
        "User: joe",
        "From: <a@example.org>",
        "Rcpt: <b@example.org>",
        "Rcpt: <é@example.org>",
    ]


def test_nothing_known() -> None:
    """What is not known is not told; the null sender is."""
    assert told(Envelope()) == []
    assert told(Envelope(sender="")) == ["From: <>"]


@pytest.mark.parametrize(
    "strange", ["a\r\nFile: /etc/passwd", "a b", "\0", "x" * 400, "a>,<b", "\udcff"]
)
def test_strange_envelope(strange: str) -> None:
    """What could become another field, or two recipients, is left out."""
    envelope = Envelope(
        sender=strange, recipients=(strange, "b@example.org"), user=strange
    )
    assert told(envelope) == ["Rcpt: <b@example.org>"]


def test_strange_words() -> None:
    """A name that no host has is left out."""
    odd = "x\r\nSettings: {}"
    assert told(Envelope(helo=odd, client_name=odd, queue_id="é")) == []


def test_many_recipients() -> None:
    """rspamd's own bound for a header is never met."""
    envelope = Envelope(recipients=("a@example.org",) * 1000)
    assert len(told(envelope)) == rspamd.MAX_RECIPIENTS


def test_result() -> None:
    """Action, score and symbols with what rspamd says about them."""
    found = parse(result())
    assert isinstance(found, Result)
    assert (found.action, found.score, found.required) == ("no action", -0.1, 15.0)
    hit = Hit("MIME_GOOD", -0.1, ("text/plain",), "Known content-type")
    assert (found.is_skipped, found.hits) == (False, (hit,))
    assert json.loads(found.content)["action"] == "no action"


def test_spam() -> None:
    """GTUBE is rejected, though rspamd skips all else."""
    found = parse(gtube())
    assert isinstance(found, Result)
    assert (found.action, found.score, found.is_skipped) == ("reject", 15.0, True)


@pytest.mark.parametrize(
    ("changed", "hits"),
    [
        ({"x.y-z": {"score": 1}}, (Hit("X_Y_Z", 1.0),)),
        ({"A" * 300: {"score": 0}}, (Hit("A" * rspamd.MAX_NAME, 0.0),)),
        ({"A": {"score": 0, "options": 5}}, (Hit("A", 0.0),)),
        ({"A": {"score": 0, "options": ["é\n", 1]}}, (Hit("A", 0.0, ("??",)),)),
        (
            {"A": {"score": 0, "options": ["x" * 1000] * 1000}},
            (Hit("A", 0.0, ("x" * rspamd.MAX_OPTION,) * rspamd.MAX_OPTIONS),),
        ),
        ({"A": {"score": 0, "description": ["x"]}}, (Hit("A", 0.0),)),
    ],
)
def test_bounds(changed: Any, hits: tuple[Hit, ...]) -> None:
    """Names, options and descriptions are short and printable."""
    found = parse(result(symbols=changed))
    assert isinstance(found, Result)
    assert found.hits == hits


def test_many_symbols() -> None:
    """A message that hits everything does not go unscanned for it."""
    symbols = {f"A{i}": {"score": 0} for i in range(1000)}
    found = parse(result(symbols=symbols))
    assert isinstance(found, Result)
    assert len(found.hits) == rspamd.MAX_SYMBOLS


def test_no_threshold() -> None:
    """A site whose rspamd rejects by no score has none to tell."""
    found = parse(result(required_score=None))
    assert isinstance(found, Result)
    assert found.required is None


@pytest.mark.parametrize("status", [b"503 Invalid length", b"200 OK"])
def test_refused(status: bytes) -> None:
    """rspamd's own error is none of its results, whatever its status says."""
    error = b'{"error": "Invalid\\nlength", "error_domain": "task-error"}'
    assert parse(reply(error, status)) == Refused(int(status[:3]), "Invalid?length")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        reply(b""),
        reply(b"{}"),
        reply(b"pong\r\n"),
        reply(b'{"action": "no action"}'),
        reply(b'{"error": 5}'),
        result().replace(b"200 OK", b"502 Bad Gateway"),
        result(action=None),
        result(action="Reject\r\n"),
        result(score="1"),
        result(score=True),
        result(score=1e7),
        result(required_score=[]),
        result(symbols=[]),
        result(symbols={"": {"score": 0}}),
        result(symbols={"A": 1}),
        result(symbols={"A": {}}),
    ],
)
def test_no_answer(octets: bytes) -> None:
    """A wrong, cut, lying or empty reply is an error, never ham."""
    with pytest.raises(ProtocolError):
        parse(octets)


@pytest.mark.parametrize("cut", range(0, len(result()), 7))
def test_no_part_of_a_reply_is_one(cut: int) -> None:
    """Wherever a reply is cut, what is left is an error."""
    with pytest.raises(ProtocolError):
        parse(result()[:cut])


def test_pong() -> None:
    """Only pong answers a ping."""
    rspamd.parse_pong(reply(b"pong\r\n"))
    for wrong in (reply(b"ping"), reply(b"pong", b"500 no")):
        with pytest.raises(ProtocolError):
            rspamd.parse_pong(wrong)
