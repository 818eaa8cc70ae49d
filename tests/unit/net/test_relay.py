"""sc.net.relay: one message to a relay, whatever the relay does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from mmap import mmap
from pathlib import Path
from typing import cast

import pytest
from attrs import frozen
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from zope.interface.verify import verifyObject

from sc.net.relay import (
    Delivery,
    Relay,
    RelayError,
    RelaySettings,
    relay_endpoint,
)
from sc.net.relay_connection import RelayConnection
from sc.wire.smtp import Reply
from sc.wire.smtp_client import SmtpClient
from sc.wire.smtp_mail import Dialect
from tests.fakes.faults import AFTER_CONNECT, Fault, refusing, serving
from tests.fakes.smtp_relay import FakeRelay, Script

USUAL = Script()
MAIL = Delivery("us@example.org", ("a@b.org",), b"A: b\r\n", b"\r\n.hi\r\n")


def make(address: str, clock: Clock, dialect: Dialect = Dialect.SMTP) -> Relay:
    settings = RelaySettings(address, dialect)
    return Relay(settings, relay_endpoint(settings, reactor), clock, "us.example")


@frozen
class Setting:
    """A fake relay at work, and our client with its own clock."""

    relay: Relay
    clock: Clock
    fakes: list[FakeRelay]


@asynccontextmanager
async def playing(
    script: Script = USUAL,
    dialect: Dialect = Dialect.SMTP,
    path: Path | None = None,
) -> AsyncIterator[Setting]:
    clock = Clock()
    fakes: list[FakeRelay] = []

    def build() -> FakeRelay:
        fakes.append(FakeRelay(script))
        return fakes[-1]

    async with serving(build, path) as (address, _):
        yield Setting(make(address, clock, dialect), clock, fakes)


async def hanging(setting: Setting) -> Deferred[tuple[Reply, ...]]:
    """A delivery that has come to the fault."""
    waiting = Deferred.fromCoroutine(setting.relay.deliver(MAIL))
    while not setting.fakes:
        await turn()
    await setting.fakes[0].faulted
    return waiting


async def turn() -> None:
    """Let the reactor go round once."""
    later: Deferred[None] = Deferred()
    reactor.callLater(0, later.callback, None)
    await later


async def error_of(delivering: object) -> RelayError:
    with pytest.raises(RelayError) as caught:
        await delivering  # type: ignore[misc]  # a Deferred or a coroutine
    return caught.value


async def test_delivered() -> None:
    """The relay gets the exact octets, dots stuffed, and a QUIT."""
    async with playing() as setting:
        assert await setting.relay.deliver(MAIL) == (Reply(250, ("2.0.0 taken",)),)
        (fake,) = setting.fakes
        assert fake.mails[0].wire == b"A: b\r\n\r\n..hi\r\n.\r\n"
        assert fake.commands[1] == "MAIL FROM:<us@example.org> SIZE=13"
        await fake.lost
        assert fake.commands[-1] == "QUIT"
    assert setting.clock.getDelayedCalls() == []


async def test_lmtp_over_a_socket(tmp_path: Path) -> None:
    """LMTP through a UNIX socket; each recipient has its own answer."""
    script = Script(
        replies={". 2": b"452 4.2.2 full\r\n", "RCPT TO:<n>": b"550 no\r\n"}
    )
    delivery = Delivery("", ("a@b", "n", "c@d"), b"", b"x\xff\r\n")
    async with playing(script, Dialect.LMTP, tmp_path / "lmtp") as setting:
        replies = await setting.relay.deliver(delivery)
        assert [reply.code for reply in replies] == [250, 550, 452]
        assert setting.fakes[0].commands[0] == "LHLO us.example"
        assert setting.fakes[0].commands[1].endswith("<> SIZE=4 BODY=8BITMIME")


@pytest.mark.parametrize("answer", [b"451 4.3.0 later\r\n", b"554 5.7.1 no\r\n"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT TO:<a@b.org>", "DATA", "."])
async def test_refused(step: str, answer: bytes) -> None:
    """What the relay says at any step is the answer."""
    async with playing(Script(replies={step: answer})) as setting:
        (reply,) = await setting.relay.deliver(MAIL)
        assert reply.encode() == answer
        assert [mail.ended for mail in setting.fakes[0].mails] == [step == "."]


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("fault", AFTER_CONNECT)
async def test_faults(fault: Fault, step: str) -> None:
    """A relay that fails is an error in time; only after the final dot in doubt."""
    async with playing(Script(fault=fault, fault_at=step)) as setting:
        waiting = await hanging(setting)
        if fault in (Fault.HANG, Fault.DRIP):
            setting.clock.pump([20.0] * 40)
        error = await error_of(waiting)
        assert error.uncertain == (step == ".")
        assert setting.clock.getDelayedCalls() == []


async def test_refuses_connection() -> None:
    """Nothing listens: an error, and nothing in doubt."""
    async with refusing() as address:
        error = await error_of(make(address, Clock()).deliver(MAIL))
    assert str(error).startswith("cannot connect: ")
    assert not error.uncertain


async def test_no_socket(tmp_path: Path) -> None:
    """A socket that is not there is not named to strangers."""
    error = await error_of(make(f"{tmp_path}/none", Clock()).deliver(MAIL))
    assert "none" not in str(error)


@pytest.mark.parametrize("server", ["192.0.2.1:25", "[2001:db8::1]:25", "/run/lmtp"])
async def test_connection_in_time(server: str) -> None:
    """A connection that never comes is given up, or goes with its caller."""
    nowhere = MemoryReactorClock()
    settings = RelaySettings(server)
    relay = Relay(settings, relay_endpoint(settings, nowhere), nowhere, "us")
    waiting = Deferred.fromCoroutine(relay.deliver(MAIL))
    nowhere.advance(10.0)
    assert str(await error_of(waiting)) == "no connection within 10 s"
    waiting = Deferred.fromCoroutine(relay.deliver(MAIL))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting


async def test_by_name() -> None:
    """A relay may be given by its name."""
    async with playing() as setting:
        port = setting.relay.settings.server.rpartition(":")[2]
        replies = await make(f"localhost:{port}", Clock()).deliver(MAIL)
        assert replies[0].code == 250
    error = await error_of(make("no-such-host.invalid:25", Clock()).deliver(MAIL))
    assert str(error).startswith("cannot connect: ")


async def test_partly_answered() -> None:
    """LMTP that drops between two answers: the known ones are kept."""
    script = Script(fault=Fault.RESET, fault_at=". 3")
    delivery = Delivery("", ("a@b", "c@d", "e@f"), b"", b"x\r\n")
    async with playing(script, Dialect.LMTP) as setting:
        error = await error_of(setting.relay.deliver(delivery))
    assert error.uncertain
    assert [reply and reply.code for reply in error.replies] in (
        [250, 250, None],
        [None] * 3,  # the reset may overtake the answers
    )


async def test_no_delay() -> None:
    """The final dot, a write of its own, does not wait for an acknowledgement."""
    async with playing(Script(fault=Fault.HANG, fault_at="greeting")) as setting:
        connection = RelayConnection(SmtpClient("us", Dialect.SMTP), setting.clock)
        await connectProtocol(setting.relay.endpoint, connection)
        assert connection.transport.getTcpNoDelay()
        await connection.abort()


async def test_before_the_dot() -> None:
    """The caller can write down that the dot comes now; all else has been sent."""
    async with playing() as setting:
        seen: list[bytes] = []

        async def before_dot() -> None:
            while not setting.fakes[0].mails[0].wire.endswith(b"hi\r\n"):
                await turn()
            seen.append(setting.fakes[0].mails[0].wire)

        await setting.relay.deliver(MAIL, before_dot)
    assert seen == [b"A: b\r\n\r\n..hi\r\n"]


async def test_not_written_down() -> None:
    """If it cannot be written down, the relay never sees the dot."""
    async with playing() as setting:

        async def before_dot() -> None:
            raise LookupError("disk full")

        with pytest.raises(LookupError):
            await setting.relay.deliver(MAIL, before_dot)
        await setting.fakes[0].lost
        assert not setting.fakes[0].mails[0].ended


async def test_gone_before_the_dot() -> None:
    """A relay that leaves while we write that down has not got the message."""
    async with playing() as setting:

        async def before_dot() -> None:
            setting.fakes[0].transport.abortConnection()
            for _ in range(5):
                await turn()

        error = await error_of(setting.relay.deliver(MAIL, before_dot))
    assert not error.uncertain


async def test_large_message() -> None:
    """A large message goes through a bounded buffer, from a mapped file's middle."""
    line = b"." * 62 + b"\r\n"
    with mmap(-1, 2 << 20) as body:
        body.write(line * ((2 << 20) // len(line)))
        async with playing(Script(extensions=("SIZE 99999999",))) as setting:
            delivery = Delivery("", ("a@b.org",), b"A: b\r\n\r\n", body, 640)
            await setting.relay.deliver(delivery)
            wire = setting.fakes[0].mails[0].wire
    lines = (2 << 20) // len(line) - 10
    assert wire == b"A: b\r\n\r\n" + (b"." + line) * lines + b".\r\n"


async def test_takes_no_more() -> None:
    """A relay that stops reading in the middle is given up; no dot was sent."""
    big = Delivery("", ("a@b.org",), b"", (b"x" * 70 + b"\r\n") * 400_000)
    async with playing(Script(extensions=())) as setting:
        waiting = Deferred.fromCoroutine(setting.relay.deliver(big))
        while not (setting.fakes and "DATA" in setting.fakes[0].commands):
            await turn()
        reader = cast(IPushProducer, setting.fakes[0].transport)
        reader.pauseProducing()
        for _ in range(200):
            await turn()
        setting.clock.advance(180.0)
        error = await error_of(waiting)
        reader.resumeProducing()
    assert (str(error), error.uncertain) == ("took nothing for 180 s", False)


@pytest.mark.parametrize(
    ("step", "replies", "text"),
    [
        ("greeting", b"554 5.3.2 closed\r\n", "refuses to talk: 554 5.3.2 closed"),
        ("EHLO", b"250 fake\r\n421 bye\r\n", "no mail can start now"),
    ],
)
async def test_refuses_to_talk(step: str, replies: bytes, text: str) -> None:
    """A relay that wants no mail at all says nothing about this one: an error."""
    async with playing(Script(replies={step: replies})) as setting:
        error = await error_of(setting.relay.deliver(MAIL))
    assert (str(error), error.uncertain) == (text, False)


async def test_refused_in_the_middle() -> None:
    """An answer before the end of the message is the answer; no dot follows."""
    script = Script(replies={"DATA": b"354 go\r\n552 5.3.4 too much\r\n"})
    async with playing(script) as setting:
        (reply,) = await setting.relay.deliver(MAIL)
        await setting.fakes[0].lost
        assert reply.code == 552
        assert not setting.fakes[0].mails[0].ended


async def test_last_words_stuck() -> None:
    """A connection that cannot be closed in order is cut."""
    clock, transport = Clock(), StringTransport(hostAddress=UNIXAddress(None))
    connection = RelayConnection(SmtpClient("us", Dialect.SMTP), clock)
    connection.makeConnection(transport)
    leaving = Deferred.fromCoroutine(connection.quit())
    clock.advance(5.0)
    assert transport.disconnecting
    assert transport.disconnected
    connection.connectionLost()
    await leaving


@pytest.mark.parametrize(
    ("extensions", "code"), [(("SIZE 3",), "552 5.3.4"), ((), "554 5.6.3")]
)
async def test_cannot_take_it(extensions: tuple[str, ...], code: str) -> None:
    """What the relay cannot take is answered without trying."""
    delivery = Delivery("", ("a@b.org", "c@d.org"), b"", b"\xe4\xe4\xe4\xe4\r\n")
    async with playing(Script(extensions=extensions)) as setting:
        replies = await setting.relay.deliver(delivery)
        assert {reply.encode()[:9].decode() for reply in replies} == {code}
        assert setting.fakes[0].mails == []


async def test_given_up() -> None:
    """A caller who leaves takes the connection along, without a dot."""
    script = Script(fault=Fault.HANG, fault_at="DATA")
    async with playing(script) as setting:
        waiting = await hanging(setting)
        waiting.cancel()
        with pytest.raises(CancelledError):
            await waiting
        await setting.fakes[0].lost


@pytest.mark.parametrize(
    "server",
    ["mx", "mx:", ":25", "mx:0", "mx:65536", "mx:-1", "::1:25", "[x]:25", "a b:25"],
)
def test_bad_server(server: str) -> None:
    """A relay that cannot be one is told at once."""
    with pytest.raises(ValueError, match=r"host|IPv6|Octet|octet|hextet|parts"):
        RelaySettings(server)


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        ("192.0.2.1:25", "TCP4ClientEndpoint"),
        ("[2001:db8::1]:25", "TCP6ClientEndpoint"),
        ("mx.example.org:25", "HostnameEndpoint"),
        ("/run/lmtp", "UNIXClientEndpoint"),
    ],
)
def test_servers(server: str, kind: str) -> None:
    """Addresses, names and sockets."""
    endpoint = relay_endpoint(RelaySettings(server), reactor)
    assert type(endpoint).__name__ == kind


async def test_bad_address() -> None:
    """An address with a line end in it never reaches a connection."""
    bad = Delivery("", ("a@b\r\nDATA",), b"", b"x")
    with pytest.raises(ValueError, match="address"):
        await make("127.0.0.1:9", Clock()).deliver(bad)


@pytest.mark.parametrize("helo", ["", "a b", "a\r\nMAIL"])
def test_bad_name(helo: str) -> None:
    """We introduce ourselves with a name, or not at all."""
    endpoint = relay_endpoint(RelaySettings(), reactor)
    with pytest.raises(ValueError, match=r"name|address"):
        Relay(RelaySettings(), endpoint, Clock(), helo)


def test_producer() -> None:
    """The connection is what Twisted's transports want of a producer."""
    connection = RelayConnection(SmtpClient("us", Dialect.SMTP), Clock())
    assert verifyObject(IPushProducer, connection)
