"""Whatever arrives at the spamd door, in whatever cuts."""

import zlib
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from sc.wire.spamd import BodyReceived, ProtocolError
from sc.wire.spamd_preamble import PreambleReader
from sc.wire.spamd_server import SpamdServer
from tests.dialogs.spamd.replay import NAMES, read

LIMIT = 4096

_COMMANDS = ["CHECK", "SYMBOLS", "REPORT", "PROCESS", "HEADERS", "TELL", "PING", "X"]
_LINES = st.sampled_from(
    [
        b"Content-length: 5",
        b"Content-length: 5000",
        b"Content-length: 0",
        b"content-length: x",
        b"Compress: zlib",
        b"User: joe",
        b"User: \x07",
        b"Rcpt: <a@b>",
        b"Shm: x",
        b"no header",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something like a request."""
    command = draw(st.sampled_from(_COMMANDS))
    dialect = draw(st.sampled_from(["SPAMC", "RSPAMC"]))
    version = draw(st.sampled_from(["1.0", "1.2", "1.3", "1.5", "9"]))
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    head = f"{command} {dialect}/{version}".encode() + end
    lines = draw(st.lists(_LINES, max_size=4))
    body = draw(st.binary(max_size=40) | st.just(zlib.compress(b"text" * 100)))
    return head + b"".join(line + b"\r\n" for line in lines) + end + body


dialogs = st.sampled_from([read(name).said for name in NAMES])


def outcome(chunks: list[bytes], *, eof: bool) -> tuple[list[object], bytes, str]:
    """Events but for the body's cuts, the body, and the error."""
    server = SpamdServer(LIMIT)
    events: list[object] = []
    body, error = b"", ""
    try:
        for chunk in chunks:
            for event in server.receive_data(chunk):
                if isinstance(event, BodyReceived):
                    body += event.octets
                else:
                    events.append(event)
        if eof:
            events += server.receive_eof()
    except ProtocolError as e:
        error = f"{e.code} {e} {e.reset}"
    return events, b"" if error else body, error


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, len(octets), *(p for p in places if p < len(octets))})
    return [octets[a:b] for a, b in pairwise(marks)]


@given(requests() | dialogs, st.lists(st.integers(0, 300), max_size=8), st.booleans())
def test_cuts(octets: bytes, places: list[int], eof: bool) -> None:
    """The same octets mean the same, whole, one by one, or cut anywhere."""
    whole = outcome([octets], eof=eof)
    assert outcome([octets[n : n + 1] for n in range(len(octets))], eof=eof) == whole
    assert outcome(cut(octets, places), eof=eof) == whole


@given(st.lists(st.binary(max_size=60), max_size=8), st.booleans())
@example([b"CHECK SPAMC/1.5\r\nCompress: zlib\r\nContent-length: 9\r\n\r\n"], True)
def test_only_protocol_error(chunks: list[bytes], eof: bool) -> None:
    """Whatever arrives, nothing but `ProtocolError` comes out."""
    outcome(chunks, eof=eof)
    outcome([b"CHECK SPAMC/1.5\r\n", *chunks], eof=eof)


_PREAMBLES = st.lists(
    st.sampled_from(
        [
            b"From MAILER-DAEMON x\n",
            b"X-Envelope-To: a@b, c\n",
            b"X-Envelope-From: <a>\r\n",
            b"X-Haraka-UUID: u\n",
            b"X-Haraka-Relay: true\n",
            b"Received: x\n",
            b"\n",
            b"X-Env",
        ]
    ),
    max_size=6,
).map(b"".join)


@given(_PREAMBLES | st.binary(max_size=60), st.lists(st.integers(0, 99), max_size=6))
def test_preamble_cuts(octets: bytes, places: list[int]) -> None:
    """The preamble is the same in any cuts, and only its own lines are missing."""

    def run(chunks: list[bytes]) -> tuple[object, bytes]:
        reader = PreambleReader()
        message = b"".join(map(reader.feed, chunks)) + reader.finish()
        return reader.preamble, message

    whole = run([octets])
    assert run(cut(octets, places)) == whole
    assert octets.endswith(whole[1])
