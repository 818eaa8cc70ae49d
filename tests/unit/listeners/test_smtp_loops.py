"""What the SMTP and LMTP doors refuse before they scan: loops, and mere header."""

import pytest

from sc.listeners.smtp.loops import MAX_PASSES, loops
from tests.fakes.flow import stub_flow
from tests.fakes.smtp_client import MemoryClient
from tests.fakes.smtp_door import FakeNextHop, door, octets, settings

BOB = "bob@example.org"
RELAYED = ["250 2.0.0 taken"]


def test_a_body_is_no_trace() -> None:
    """Received lines that are quoted in a body are no hops."""
    quoted = b"Received: from a by b\r\n" * 50
    assert loops(b"Subject: x\r\n\r\n" + quoted, 50) is False
    assert loops(b"\r\n" + quoted, 50) is False
    assert loops(quoted, 50) is True


async def test_a_message_that_is_all_header() -> None:
    """Millions of fields are refused, unscanned: to edit them would hold everybody."""
    flow, next_hop = stub_flow(), FakeNextHop()
    client = MemoryClient(door(settings(), flow, next_hop))
    message = "A: b\n" * 200_000 + "\nbody\n"
    assert client.send(BOB, message=message) == [
        "552 5.3.4 the header section is too large"
    ]
    client.leave()
    assert not flow.seen
    assert not next_hop.delivered


@pytest.mark.parametrize("field", ["Received: from a by b\n", "RECEIVED: x\n\ty\n"])
async def test_too_many_hops(field: str) -> None:
    """A message that goes in circles ends here, unscanned."""
    flow, next_hop = stub_flow(), FakeNextHop()
    client = MemoryClient(door(settings(), flow, next_hop))
    message = field * 50 + "\nbody\n"
    assert client.send(BOB, message=message) == ["554 5.4.6 mail loop: too many hops"]
    client.leave()
    other = MemoryClient(door(settings(), flow, next_hop))
    assert other.send(BOB, message=message.replace(field, "", 1)) == RELAYED
    other.leave()
    assert len(flow.seen) == len(next_hop.delivered) == 1


async def test_next_hop_is_ourselves() -> None:
    """A next hop that leads back to us adds no Received: our own trace counts."""
    message, passes = "Subject: x\n\nbody\n", 0
    while passes <= MAX_PASSES:
        next_hop = FakeNextHop()
        client = MemoryClient(door(settings(), next_hop=next_hop))
        replies = client.send(BOB, message=message)
        client.leave()
        if replies != RELAYED:
            break
        message = octets(next_hop.delivered[0]).decode().replace("\r\n", "\n")
        passes += 1
    assert replies == ["554 5.4.6 mail loop: too many hops"]
    assert passes == MAX_PASSES
