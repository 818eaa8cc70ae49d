"""The SMTP door on a transport: order, time, pressure, leaving."""

import pytest
from attrs import evolve
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.logger import Logger
from zope.interface.verify import verifyObject

from sc.listeners.smtp.settings import SmtpLimits
from tests.fakes.flow import stub_flow
from tests.fakes.metrics import values
from tests.fakes.smtp_client import MemoryClient
from tests.fakes.smtp_dialog import Dialog, dialogs
from tests.fakes.smtp_door import FakeNextHop, Heard, door, settings

TAKEN = ["250 2.0.0 taken"]


def slow(delay: float, **limits: float) -> tuple[MemoryClient, Clock]:
    """A client whose message is scanned for `delay` seconds of the second clock."""
    clock = Clock()
    flow = stub_flow(clock=clock, delay=delay)
    given = settings(limits=SmtpLimits(**limits))  # type: ignore[arg-type]  # floats are ints for some
    client = MemoryClient(door(given, flow, FakeNextHop()))
    client.heard()
    return client, clock


@pytest.mark.parametrize("dialog", dialogs(), ids=lambda d: d.name)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_dialog(dialog: Dialog, size: int) -> None:
    """Every dialogue runs over a transport, in any pieces."""
    client = MemoryClient(door(settings(dialog.protocol), next_hop=FakeNextHop()))
    sent = b"".join(turn.sent for turn in dialog.turns)
    for i in range(0, len(sent), size):
        client.protocol.dataReceived(sent[i : i + size])
    assert client.transport.value() == b"".join(t.expected for t in dialog.turns)
    assert client.transport.disconnecting
    client.leave()


def test_is_a_producer() -> None:
    """The transport may tell it to wait."""
    client, _ = slow(0)
    assert verifyObject(IPushProducer, client.protocol)
    client.leave()


def test_commands_wait_for_the_message() -> None:
    """What is pipelined behind a message is answered after it."""
    client, clock = slow(3)
    assert client.send("bob@example.org", message="x\n.\nNOOP\nQUIT\n") == []
    clock.advance(3)
    assert client.heard() == [*TAKEN, "250 2.0.0 ok", "221 2.0.0 bye"]
    assert client.transport.disconnecting
    client.leave()


def test_thousand_messages_in_one_read() -> None:
    """Messages that are answered at once do not pile up on the stack."""
    client = MemoryClient(door(settings("smtp"), next_hop=FakeNextHop()))
    client.heard()
    one = ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "x", "."]
    said = client.say("HELO x", *one * 1000)
    assert said.count(TAKEN[0]) == 1000
    client.leave()


def test_reading_stops_while_a_message_is_pending() -> None:
    """A client that talks on does not fill our memory."""
    client, clock = slow(3, buffer=1024)
    client.send("bob@example.org")
    client.say("NOOP " + "x" * 100)
    assert client.transport.producerState == "producing"
    client.say(*["NOOP " + "x" * 100] * 10)
    assert client.transport.producerState == "paused"
    clock.advance(3)
    assert client.transport.producerState == "producing"
    assert len(client.heard()) == 12
    client.leave()


def test_client_that_does_not_read() -> None:
    """Replies that nobody takes stop the commands that cause them."""
    client, _ = slow(0)
    client.protocol.pauseProducing()
    assert client.transport.producerState == "paused"
    assert client.say("NOOP") == []
    client.protocol.resumeProducing()
    assert client.heard() == ["250 2.0.0 ok"]
    assert client.transport.producerState == "producing"
    client.protocol.stopProducing()
    client.leave()


def test_idle_client() -> None:
    """Who says nothing, or a bit of a command now and then, is sent away."""
    client, _ = slow(0, command_timeout=300)
    for _ in range(3):
        client.clock.advance(99)
        client.protocol.dataReceived(b"N")
    client.clock.advance(2)
    client.clock.advance(1)
    assert client.heard() == ["421 4.4.2 waited too long"]
    assert client.transport.disconnecting
    client.leave()
    metrics = client.protocol._door.metrics
    assert values(metrics, "sc_refused_total") == {("door", "late"): 1.0}


def test_busy_client_may_stay() -> None:
    """Each command starts the time anew."""
    client, _ = slow(0, command_timeout=300)
    for _ in range(5):
        client.clock.advance(200)
        assert client.say("NOOP") == ["250 2.0.0 ok"]
    client.leave()


def test_dripping_message() -> None:
    """A message that comes octet by octet for ever is ended by its total time."""
    client, _ = slow(0, data_timeout=900)
    client.ask("bob@example.org")
    for _ in range(9):
        client.protocol.dataReceived(b"x\r\n")
        client.clock.advance(100)
    assert client.heard() == ["421 4.4.2 waited too long"]
    client.leave()


def test_answer_in_time() -> None:
    """A scan that does not end is a 451 before the client gives up."""
    client, clock = slow(9999, answer_timeout=540)
    client.send("bob@example.org")
    client.clock.advance(540)
    assert client.heard() == ["451 4.4.1 not done in time, try again later"]
    assert client.say("NOOP") == ["250 2.0.0 ok"]
    assert clock.getDelayedCalls() == []
    client.leave()


def test_last_reply_not_taken() -> None:
    """A client that does not even take its goodbye is cut off."""
    client, _ = slow(0)
    client.say("QUIT")
    before = client.transport.aborted
    client.clock.advance(10)
    assert (before, client.transport.aborted) == (False, True)
    client.leave()


def test_client_leaves_during_the_scan() -> None:
    """Nobody waits for the verdict any more: the scan ends, nothing is relayed."""
    clock, next_hop = Clock(), FakeNextHop()
    flow = stub_flow(clock=clock, delay=5)
    client = MemoryClient(door(settings(), flow, next_hop))
    client.send("bob@example.org")
    client.leave()
    assert flow.pipeline.cancelled == 1
    assert next_hop.delivered == []
    assert client.clock.getDelayedCalls() == []


def test_client_leaves_during_the_delivery() -> None:
    """A delivery whose client is gone is broken off: the client will come again."""
    clock = Clock()
    next_hop = FakeNextHop(clock=clock, delay=5)
    client = MemoryClient(door(settings(), next_hop=next_hop))
    client.send("bob@example.org")
    assert len(clock.getDelayedCalls()) == 1
    client.leave()
    assert clock.getDelayedCalls() == []


def test_client_leaves_in_the_middle() -> None:
    """Half a message is dropped."""
    client, _ = slow(0)
    client.ask("bob@example.org")
    client.protocol.dataReceived(b"half")
    client.leave()
    assert len(client.factory.crowd) == 0


def test_connection_cap() -> None:
    """One connection above the cap is told why, far more are not let in at all."""
    given = settings(limits=SmtpLimits(connections=1))
    it = door(given)
    first = MemoryClient(it)
    assert first.heard() == ["220 mx.example.org LMTP sc"]
    second = MemoryClient(it, factory=first.factory)
    assert second.heard() == ["421 4.3.2 too many connections, try again later"]
    assert second.transport.disconnecting
    assert first.factory.buildProtocol(None) is None
    second.leave()
    first.leave()


def test_bug_in_the_door() -> None:
    """Should the door itself break, the client is cut off without an answer."""
    heard = Heard()

    def broken() -> str:
        raise RuntimeError("bug")

    it = evolve(door(settings()), new_id=broken, log=Logger(observer=heard))
    client = MemoryClient(it)
    assert client.send("bob@example.org") == []
    assert client.transport.aborted
    assert heard.events[0]["log_failure"].check(RuntimeError)
    client.leave()
