"""What twisted.web does not bound: bodies, time, headers, words for bad requests."""

import pytest
from twisted.internet.task import Clock
from werkzeug.exceptions import Gone

from sc.listeners.http.errors import error_of
from sc.listeners.http.protocol import LINGER
from sc.listeners.http.settings import HttpLimits, HttpSettings
from sc.model.octets import IN_MEMORY
from tests.fakes.flow import SPAM, stub_flow
from tests.fakes.http_door import STRANGER, Client, parse_replies

LIMIT = 64 * 1024
SMALL = HttpSettings(limits=HttpLimits(message_size=LIMIT))
POST = b"POST /scan HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def test_body_of_the_limit() -> None:
    """A body of exactly the limit is taken."""
    flow = stub_flow()
    assert Client(flow, SMALL).post("/scan", b"x" * LIMIT).status == 200
    assert len(flow.seen[0].content) == LIMIT


def test_too_large_before_the_body() -> None:
    """A body that is announced too large is refused before it is sent."""
    client = Client(settings=SMALL)
    client.send(
        POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1)
    )
    reply = client.reply()
    assert (reply.status, reply.error) == (413, "the body is larger than 65536 octets")
    assert reply.fields["x-sc-id"] == "id-1"
    assert reply.fields["connection"] == "close"


def test_what_follows_a_refusal_is_dropped() -> None:
    """A client that goes on sending gets no second answer, and is hung up on."""
    client = Client(settings=SMALL)
    client.send(POST + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1))
    client.reply()
    client.send(b"x" * LIMIT, b"GET /healthz HTTP/1.1\r\n\r\n")
    assert client.replies() == []
    assert not client.transport.disconnecting
    client.clock.advance(LINGER)
    assert client.transport.disconnecting


def test_client_that_never_closes() -> None:
    """A client that does not even close after its refusal is cut off in the end."""
    client = Client(settings=SMALL)
    client.send(b"nonsense\r\n")
    client.clock.advance(LINGER)
    client.transport.disconnecting = False
    client.clock.advance(60.0)
    assert client.transport.disconnecting


@pytest.mark.parametrize("length", [b"9" * 19, b"9" * 5000])
def test_absurd_length(length: bytes) -> None:
    """A length of thousands of digits is too large, and no error of ours."""
    client = Client()
    client.send(POST + b"Content-Length: " + length + b"\r\n\r\n")
    assert client.reply().status == 413


def test_chunked_body() -> None:
    """A body in chunks, as Haraka sends it, is taken."""
    flow = stub_flow()
    client = Client(flow)
    client.send(CHUNKED, b"3\r\na\r\n\r\n", b"2\r\nbc\r\n", b"0\r\n\r\n")
    assert client.reply().status == 200
    assert flow.seen[0].content == b"a\r\nbc"


def test_chunked_flood() -> None:
    """Chunks without end stop at the limit, and nothing of them is kept."""
    flow = stub_flow()
    client = Client(flow, SMALL)
    client.send(CHUNKED)
    for _ in range(100):
        client.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
    client.send(b"0\r\n\r\n")
    reply = client.reply()
    assert (reply.status, reply.error) == (413, "the body is larger than 65536 octets")
    assert not flow.seen


def test_chunks_in_one_segment() -> None:
    """A flood that arrives at once, however it ends, is refused once."""
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    for end in (b"0\r\n\r\n", b"nonsense\r\n"):
        client = Client(settings=SMALL)
        client.send(CHUNKED + 4 * chunk + end)
        assert client.reply().status == 413


def test_large_body_lies_in_a_file() -> None:
    """A body above 1 MiB waits in a file without a name."""
    flow = stub_flow()
    Client(flow).post("/scan", b"x" * (IN_MEMORY + 1))
    assert not isinstance(flow.seen[0].content, bytes)


def test_client_leaves_in_its_body() -> None:
    """Half a message is never scanned."""
    flow = stub_flow()
    client = Client(flow)
    client.send(POST + b"Content-Length: 10\r\n\r\n12345")
    client.leave()
    assert not flow.seen
    assert not len(client.site.crowd)
    assert not client.clock.getDelayedCalls()


def test_body_longer_than_announced() -> None:
    """What is left over after a length that lied is a bad request of its own."""
    flow = stub_flow()
    client = Client(flow)
    client.send(POST + b"Content-Length: 3\r\n\r\n12345678\r\n\r\n")
    first, second = client.replies()
    assert (first.status, second.status) == (200, 400)
    assert flow.seen[0].content == b"123"
    assert second.error == "not a valid HTTP request"


def test_body_shorter_than_announced() -> None:
    """A client that announces more than it sends is told when its time is over."""
    client = Client()
    client.send(POST + b"Content-Length: 10\r\n\r\n12345")
    client.clock.advance(60.0)
    reply = client.reply()
    assert (reply.status, reply.error) == (408, "the request did not arrive in time")


def test_one_octet_a_second() -> None:
    """A client that drips its body is refused when the time for the whole is over."""
    flow = stub_flow()
    client = Client(flow)
    client.send(POST + b"Content-Length: 1000\r\n\r\n")
    for _ in range(119):
        client.clock.advance(1.0)
        client.send(b"x")
    assert client.replies() == []
    client.clock.advance(1.0)
    assert client.reply().status == 408
    assert not flow.seen


def test_header_that_drips() -> None:
    """The same goes for a header."""
    client = Client()
    for octet in b"G" * 130:
        client.send(bytes([octet]))
        client.clock.advance(1.0)
    assert client.reply().status == 408


def test_time_counts_for_each_request() -> None:
    """On a connection that is kept, each request has its own time."""
    client = Client()
    for _ in range(10):
        assert client.get("/healthz").status == 200
        client.clock.advance(50.0)
    assert not client.transport.disconnecting


def test_pipelined_request_has_its_time() -> None:
    """A second request that came along with the first one cannot drip, either."""
    client = Client()
    client.send(b"GET /healthz HTTP/1.1\r\n\r\n" + POST + b"Content-Length: 9\r\n\r\nx")
    assert client.reply().status == 200
    for _ in range(120):
        client.send(b"")
        client.clock.advance(1.0)
    assert client.reply().status == 408


def test_idle_connection() -> None:
    """A connection on which nothing is asked is closed without a word."""
    client = Client()
    client.clock.advance(60.0)
    assert client.transport.disconnecting
    assert client.transport.value() == b""


def test_answer_that_is_not_taken() -> None:
    """A client that never takes its last answer does not keep us."""
    client = Client()
    client.send(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert client.reply().fields["connection"] == "close"
    assert client.transport.disconnecting
    client.transport.disconnecting = False
    client.clock.advance(60.0)
    assert client.transport.disconnecting


def test_time_for_the_scan_is_not_the_client_s() -> None:
    """While we work, no timer of the request runs."""
    clock = Clock()
    client = Client(stub_flow(clock=clock, delay=250.0))
    client.start_post("/scan", b"x")
    client.clock.advance(250.0)
    clock.advance(250.0)
    assert client.reply().status == 200


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\nX: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n", 400),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
        (
            POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
            400,
        ),
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: identity\r\n\r\nx", 400),
        (POST + b"Transfer-Encoding: identity\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (CHUNKED + b"zz\r\n", 400),
        (CHUNKED + b"-5\r\n", 400),
        (CHUNKED + b"1\r\nab\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", 400),
        (b"GET /%ff HTTP/1.1\r\n\r\n", 400),
        (b"GET nowhere HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 20000, 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + (b"A: " + b"b" * 9000 + b"\r\n") * 9 + b"\r\n", 431),
    ],
)
def test_bad_requests(octets: bytes, status: int) -> None:
    """Each has one answer, in JSON, with an id, and ends the connection."""
    client = Client()
    client.send(octets)
    reply = client.reply()
    assert reply.status == status
    assert reply.error
    assert reply.fields["x-sc-id"] == "id-1"
    client.clock.advance(LINGER)
    assert client.transport.disconnecting


def test_fields_of_any_octets() -> None:
    """Octets that are no text are refused where they matter, and no error of ours."""
    for name in (b"Content-Type", b"Content-Encoding", b"Authorization", b"X-A"):
        client = Client()
        client.send(
            b"POST / HTTP/1.1\r\n" + name + b": \xff\xfe\r\nContent-Length: 1\r\n\r\nx"
        )
        assert client.reply().status == 415


def test_other_routing_errors() -> None:
    """Whatever else the router may say has its status, and our kind of body."""
    error = error_of(Gone())
    assert error is not None
    assert (error.status, error.text) == (410, "gone")


def test_refusals_are_logged() -> None:
    """The operator reads who was refused, and why, by the id that the client has."""
    client = Client()
    client.send(b"nonsense\r\n")
    (event,) = client.events
    assert event["peer"] == "127.0.0.1"
    assert (event["status"], event["id"]) == (400, client.reply().fields["x-sc-id"])


def test_a_thousand_recipients() -> None:
    """A thousand recipients fit into a header."""
    flow = stub_flow()
    fields = [f"X-Env-Rcpt: user{n}@example.org" for n in range(1000)]
    assert Client(flow).post("/scan", b"x", *fields).status == 200
    assert len(flow.seen[0].envelope.recipients) == 1000


def test_no_version_is_told() -> None:
    """Answers do not say what we run, and may not be kept or guessed at."""
    fields = Client().get("/healthz").fields
    assert "server" not in fields
    assert fields["cache-control"] == "no-store"
    assert fields["x-content-type-options"] == "nosniff"


def test_spelling_of_our_fields() -> None:
    """People who look for X-SC-Id find it."""
    client = Client(stub_flow(decision=SPAM))
    client.start_post("/scan", b"x")
    octets = client.transport.value()
    assert b"\r\nX-SC-Id: id-1\r\n" in octets
    assert b"\r\nX-SC-Action: reject\r\n" in octets


def test_absolute_form() -> None:
    """A whole URL in the request line is taken for its path."""
    client = Client()
    client.send(b"GET HTTP://localhost:5000/healthz HTTP/1.1\r\n\r\n")
    assert client.reply().json == {"status": "ok"}


def test_http_1_0() -> None:
    """An old client gets its answer, with a length, and an end."""
    client = Client()
    client.send(b"GET /healthz HTTP/1.0\r\n\r\n")
    reply = client.reply()
    assert (reply.status, reply.fields["connection"]) == (200, "close")
    assert client.transport.disconnecting


def test_pipeline() -> None:
    """Requests that come at once are answered in their order."""
    clock = Clock()
    client = Client(stub_flow(clock=clock, delay=1.0))
    client.send(POST + b"Content-Length: 1\r\n\r\nx" + b"GET /healthz HTTP/1.1\r\n\r\n")
    assert client.replies() == []
    clock.advance(1.0)
    scan, health = client.replies()
    assert isinstance(scan.json, list)
    assert health.json == {"status": "ok"}


def test_octet_by_octet() -> None:
    """How a request is cut into segments does not matter."""
    flow = stub_flow()
    client = Client(flow)
    octets = POST + b"Content-Length: 5\r\nX-Env-Helo: h.example\r\n\r\nhello"
    client.send(*(bytes([octet]) for octet in octets))
    assert client.reply().status == 200
    assert flow.seen[0].content == b"hello"
    assert flow.seen[0].envelope.helo == "h.example"


def test_form_is_not_parsed() -> None:
    """A form is refused as it is, however it is written."""
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
    reply = Client().post("/", body, "Content-Type: multipart/form-data; boundary=x")
    assert reply.status == 415


def test_stranger_sends_no_body() -> None:
    """A client without any right is refused before it has sent its message."""
    client = Client(peer=STRANGER)
    client.send(POST + b"Content-Length: 1000\r\n\r\n")
    reply = client.reply()
    assert (reply.status, reply.fields["www-authenticate"]) == (401, "Bearer")


def test_too_many_connections() -> None:
    """One connection above the cap is told so; far more are not even answered."""
    settings = HttpSettings(limits=HttpLimits(connections=1))
    first = Client(settings=settings)
    second = Client(beside=first)
    reply = second.reply()
    assert (reply.status, reply.fields["retry-after"]) == (503, "30")
    assert first.site.buildProtocol(None) is None
    second.leave()
    first.leave()
    assert Client(beside=first).get("/healthz").status == 200


def test_replies_of_head_parse() -> None:
    """HEAD says what GET would, without its body."""
    reply = Client().get("/healthz", method="HEAD")
    assert (reply.status, reply.fields["content-length"]) == (200, "16")
    assert parse_replies(b"") == []


def test_http_1_1_only() -> None:
    """TLS clients are offered nothing that these bounds do not cover."""
    assert Client().site.acceptableProtocols() == [b"http/1.1"]


def test_drain_with_a_request_on_its_way() -> None:
    """When we stop, a request whose first octets are here is still answered."""
    client = Client()
    client.send(POST)
    client.channel.drain()
    assert not client.transport.disconnecting
    client.send(b"Content-Length: 1\r\n\r\nx")
    reply = client.reply()
    assert (reply.status, reply.fields["connection"]) == (200, "close")
    assert client.transport.disconnecting
