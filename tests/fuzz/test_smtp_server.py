"""Whatever a stranger sends to the SMTP door, in whatever cuts."""

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from sc.wire.smtp_event import DataReceived, Event, MessageEnded, ServerLimits
from sc.wire.smtp_server import COMMAND_LINE
from tests.fakes.smtp_client import MemoryClient
from tests.fakes.smtp_codec import feed, machine
from tests.fakes.smtp_door import FakeNextHop, door, settings

LIMITS = ServerLimits(max_message=200, max_line=60, max_recipients=2, max_errors=5)

WORDS = st.sampled_from(
    [
        b"LHLO x\r\n", b"EHLO x\r\n", b"HELO \xff\r\n", b"MAIL FROM:<a@b>\r\n",
        b"MAIL FROM:<> SIZE=3\r\n", b"RCPT TO:<c@d>\r\n", b"RCPT TO:<\"q\"@d>\r\n",
        b"DATA\r\n", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"\r\n.\r\n", b".\r\n",
        b"\r", b"\n", b".", b"..", b"x" * 61, b"y" * COMMAND_LINE, b"\0", b"<", b">",
    ]
)  # fmt: skip
# Half of the streams are in the middle of a message already.
OPENING = b"LHLO x\r\nHELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
WIRE = st.builds(
    lambda start, words: b"".join([start, *words]),
    st.sampled_from([b"", OPENING]),
    st.lists(WORDS | st.binary(max_size=20), max_size=30),
)


def meaning(protocol: str, chunks: list[bytes]) -> tuple[list[Event], bytes]:
    """All events but the octets of messages that are refused or did not end."""
    events, said = feed(machine(protocol, LIMITS), chunks)
    kept = [
        event
        for event, after in zip_longest(events, events[1:])
        if not isinstance(event, DataReceived)
        or (isinstance(after, MessageEnded) and after.fault is None)
    ]
    return kept, said


@given(st.sampled_from(["smtp", "lmtp"]), WIRE, st.lists(st.integers(1, 40)))
def test_cuts_do_not_matter(protocol: str, wire: bytes, cuts: list[int]) -> None:
    """The same octets whole, one by one, or in any cuts mean the same."""
    whole = meaning(protocol, [wire])
    assert meaning(protocol, [bytes([octet]) for octet in wire]) == whole
    chunks, position = [], 0
    for cut in cuts:
        chunks.append(wire[position : position + cut])
        position += cut
    assert meaning(protocol, [*chunks, wire[position:]]) == whole


@given(st.sampled_from(["smtp", "lmtp"]), st.lists(WIRE, max_size=5))
def test_only_replies_come_out(protocol: str, chunks: list[bytes]) -> None:
    """Whatever arrives, every line said is a reply, and memory stays bounded."""
    server = machine(protocol, LIMITS)
    _, said = feed(server, chunks)
    for line in said.splitlines():
        assert line[:3].isdigit()
        assert line[3:4] in (b" ", b"-")
    assert server.buffered < COMMAND_LINE


@given(st.sampled_from(["smtp", "lmtp"]), st.lists(WIRE, max_size=5), st.booleans())
def test_the_door_survives(protocol: str, chunks: list[bytes], clogged: bool) -> None:
    """Whatever arrives and whenever the client leaves, no timer and nobody stays."""
    client = MemoryClient(door(settings(protocol), next_hop=FakeNextHop()))
    for chunk in chunks:
        client.protocol.dataReceived(chunk)
        if clogged:
            client.protocol.pauseProducing()
            clogged = False
    client.protocol.resumeProducing()
    client.leave()
    assert client.clock.getDelayedCalls() == []
    assert len(client.factory.crowd) == 0


@given(st.binary(max_size=400), st.lists(st.integers(1, 20)))
def test_a_message_holds_only_crlf(content: bytes, cuts: list[int]) -> None:
    """No stray CR or LF passes the door, so nobody behind us sees other lines."""
    server = machine("smtp")
    feed(server, [b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\n"])
    chunks, position = [], 0
    for cut in cuts:
        chunks.append(content[position : position + cut])
        position += cut
    events, _ = feed(server, [*chunks, content[position:], b"\r\n.\r\n"])
    for event in events:
        if isinstance(event, DataReceived):
            bare = event.octets.replace(b"\r\n", b"")
            assert not {*b"\r\n"} & {*bare}
