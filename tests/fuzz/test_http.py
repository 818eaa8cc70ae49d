"""Whatever a stranger writes to the HTTP door: an answer, or a named error."""

import json
from collections.abc import Callable
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.web.http_headers import Headers

from sc.listeners.http.boundary import boundary_of
from sc.listeners.http.envelope import from_headers, from_json
from sc.listeners.http.errors import HttpError
from sc.listeners.http.json_text import JsonError, decode, encode, octets_of
from tests.fakes.flow import stub_flow
from tests.fakes.http_door import Client

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["from", "rcpt", "ip", "port", "user", "name", "cidrs"])
            | TEXT,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
PIECES = st.sampled_from(
    [
        b"POST /scan HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\n",
        b"GET /healthz HTTP/1.1\r\n",
        b"Host: localhost\r\n",
        b"Content-Type: application/json\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 500000000000\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"X-Env-From: a@b\r\n",
        b"\r\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b'{"message": "x"}',
    ]
) | st.binary(max_size=20)


@given(st.binary(max_size=200))
@example(b'"\\ud83d"')
def test_only_json_error(octets: bytes) -> None:
    """Whatever arrives, nothing but `JsonError` comes out."""
    with suppress(JsonError):
        encode(decode(octets))


@given(st.binary(max_size=200))
def test_raw_octets_survive(octets: bytes) -> None:
    """A client that escapes only what it must gets every octet through."""
    quoted = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    assert octets_of(decode(b'{"message": "' + quoted + b'"}')["message"]) == octets


@given(VALUES)
def test_round_trip(value: object) -> None:
    """What the standard library writes, escaped, is read as it reads it."""
    text = json.dumps(value)
    assert decode(text.encode()) == json.loads(text)


def status_of(read: Callable[[], object]) -> int:
    """200, or that of the error; any other exception is a bug."""
    try:
        read()
    except HttpError as e:
        encode(e.text)
        return e.status
    return 200


@given(VALUES)
def test_only_http_error(value: object) -> None:
    """Whatever JSON says, nothing but a 400 comes out."""
    assert status_of(lambda: boundary_of(value)) in (200, 400)
    assert status_of(lambda: from_json(value, 10)) in (200, 400)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["IP", "From", "Rcpt", "Helo", "User", "Port", "File"]),
            st.binary(max_size=40).filter(lambda value: b"\n" not in value),
        ),
        max_size=6,
    )
)
def test_only_http_error_from_headers(fields: list[tuple[str, bytes]]) -> None:
    """Whatever `X-Env-*` say, an envelope without control characters, or a 400."""
    headers = Headers()
    for name, value in fields:
        headers.addRawHeader(f"X-Env-{name}".encode(), value)
    status = status_of(lambda: from_headers(headers, 5))
    assert status in (200, 400)
    if status == 200:
        envelope = from_headers(headers, 5)
        told = (envelope.sender, envelope.helo, envelope.user, *envelope.recipients)
        assert all(text.isprintable() for text in told if text)


@given(st.lists(PIECES, max_size=12))
def test_a_connection_survives(pieces: list[bytes]) -> None:
    """Whatever is sent, in whatever pieces, only whole answers come back."""
    client = Client(stub_flow())
    client.send(*pieces)
    client.clock.advance(60.0)
    client.clock.advance(120.0)
    octets = client.transport.value().replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    client.transport.clear()
    client.transport.write(octets)
    assert all(reply.fields["x-sc-id"] for reply in client.replies())
    assert not [event for event in client.events if "log_failure" in event]
    client.leave()
    assert not len(client.site.crowd)
    assert not client.clock.getDelayedCalls()
