"""sc.wire.milter_client: one message through a milter, step by step."""

from ipaddress import ip_address
from struct import pack

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from sc.model.decision import Action
from sc.model.envelope import Envelope
from sc.wire.milter import (
    CHUNK,
    MAX_PACKET,
    Command,
    PacketReader,
    ProtocolError,
    Reply,
    Steps,
    packet,
    strings,
)
from sc.wire.milter_client import (
    MAX_ADDED,
    MAX_ADDED_FIELD,
    MAX_EDITS,
    QUIT,
    Answer,
    MilterClient,
)
from sc.wire.milter_transaction import Transaction, chunks

ENVELOPE = Envelope(
    sender="a@b.example",
    recipients=("c@d.example", "e@f.example"),
    client_ip=ip_address("2001:db8::1"),
    client_port=4711,
    helo="b.example\r\n\0",
    user="joe",
)
HEAD = (("Subject", b" x\r\n\ty"), ("X", b"y"))
LETTER = Transaction("m1", ENVELOPE, HEAD, b"....body", 4)
GO = packet(Reply.CONTINUE)


def agreed(flags: int = 0, actions: int = 1, version: int = 6) -> bytes:
    return packet(Reply.NEGOTIATE, pack("!III", version, actions, flags))


def told(octets: bytes) -> list[tuple[Command, bytes]]:
    return [(Command(code), data) for code, data in PacketReader().feed(octets)]


def whole(flags: int = 0, letter: Transaction = LETTER) -> list[tuple[Command, bytes]]:
    """All that a milter sees which wants to go on until the end."""
    client, seen, answer = MilterClient(letter), b"", agreed(flags)
    for _ in range(50):
        octets = client.receive(answer)
        seen, answer = seen + octets, GO
        if client.outcome is not None:
            break
    assert client.outcome == Answer()
    assert seen.endswith(QUIT)
    return told(seen)


def at(command: Command, flags: int = 0) -> MilterClient:
    """A client that waits for the reply to this command."""
    client, answer = MilterClient(LETTER), agreed(flags)
    for _ in range(50):
        if told(client.receive(answer))[-1][0] is command:
            return client
        answer = GO
    raise AssertionError(command)


def test_whole() -> None:
    """The order of the protocol; nothing of a stranger ends a string early."""
    assert whole() == [
        (Command.CONNECT, b"[2001:db8::1]\x006" + pack("!H", 4711) + b"2001:db8::1\0"),
        (Command.HELO, b"b.example\0"),
        (
            Command.MACROS,
            b"Mi\0m1\0{mail_addr}\0a@b.example\0{auth_authen}\0joe\0",
        ),
        (Command.MAIL, b"<a@b.example>\0"),
        (Command.RECIPIENT, b"<c@d.example>\0"),
        (Command.RECIPIENT, b"<e@f.example>\0"),
        (Command.FIELD, b"Subject\0x\n\ty\0"),
        (Command.FIELD, b"X\0y\0"),
        (Command.END_OF_HEADER, b""),
        (Command.BODY, b"body"),
        (Command.END_OF_MESSAGE, b""),
        (Command.QUIT, b""),
    ]


def test_little_known() -> None:
    """A door that tells nothing of the envelope is no obstacle."""
    seen = whole(letter=evolve(LETTER, envelope=Envelope(), content=b"", body=0))
    assert seen[0] == (Command.CONNECT, b"localhost\0U")
    assert [data for command, data in seen if command is Command.RECIPIENT] == [
        b"<postmaster>\0"
    ]
    assert not {Command.HELO, Command.BODY} & {command for command, _ in seen}


def test_left_out() -> None:
    """What the milter does not want to see it does not see."""
    flags = Steps.NO_CONNECT | Steps.NO_HELO | Steps.NO_BODY | Steps.NO_FIELDS
    commands = [command for command, _ in whole(flags | Steps.LEADING_SPACE)]
    assert commands[:2] == [Command.MACROS, Command.MAIL]
    assert not {Command.FIELD, Command.BODY} & set(commands)
    spaced = dict(whole(Steps.LEADING_SPACE))
    assert (Command.FIELD, b"Subject\0 x\n\ty\0") in whole(Steps.LEADING_SPACE)
    assert spaced[Command.QUIT] == b""


def test_silent() -> None:
    """A milter that replies to nothing but the end gets all at once."""
    client = MilterClient(LETTER)
    silent = sum(step for step in Steps if (step.name or "").startswith("SILENT"))
    seen = told(client.receive(agreed(silent)))
    assert (seen[0][0], seen[-1][0]) == (Command.CONNECT, Command.END_OF_MESSAGE)
    assert client.receive(GO) == QUIT


def test_skip() -> None:
    """The rest of a body is spared, not the end."""
    client = MilterClient(evolve(LETTER, content=bytes(3 * CHUNK), body=0))
    answer = agreed(Steps.SKIP)
    while told(client.receive(answer))[-1][0] is not Command.BODY:
        answer = GO
    last = told(client.receive(packet(Reply.SKIP)))
    assert last == [(Command.END_OF_MESSAGE, b"")]


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        (packet(Reply.ACCEPT), Action.NO_ACTION),
        (packet(Reply.REJECT), Action.REJECT),
        (packet(Reply.DISCARD), Action.REJECT),
        (packet(Reply.TEMPFAIL), Action.SOFT_REJECT),
        (packet(Reply.CODE, b"550 5.7.1 no\0"), Action.REJECT),
        (packet(Reply.CODE, b"451 4.7.1 later\0"), Action.SOFT_REJECT),
    ],
)
def test_settled_early(reply: bytes, action: Action) -> None:
    """A milter may decide at any step."""
    for command in (Command.CONNECT, Command.MAIL, Command.BODY):
        client = at(command)
        assert client.receive(reply) == QUIT
        assert client.outcome == Answer(action)


def test_one_recipient() -> None:
    """A refused recipient is not the message's end."""
    client = at(Command.RECIPIENT)
    assert told(client.receive(packet(Reply.REJECT)))[0][0] is Command.RECIPIENT
    assert told(client.receive(GO))[0][0] is Command.FIELD
    assert client.outcome is None


def test_no_recipient_left() -> None:
    """As a milter that greylists: if it refuses all, that is its answer."""
    client = at(Command.RECIPIENT)
    client.receive(packet(Reply.REJECT))
    assert client.receive(packet(Reply.CODE, b"450 x\0")) == QUIT
    assert client.outcome == Answer(Action.SOFT_REJECT)


def test_edits() -> None:
    """The fields that it would add are told, nothing else is kept."""
    client = at(Command.END_OF_MESSAGE)
    edits = [
        packet(Reply.PROGRESS),
        packet(Reply.ADD_FIELD, strings(b"A", b"1")),
        packet(Reply.INSERT_FIELD, pack("!I", 1) + strings(b"B", b"2\n\t3")),
        packet(Reply.CHANGE_FIELD, pack("!I", 1) + strings(b"C", b"")),
        packet(Reply.REPLACE_BODY, b"new"),
        packet(Reply.QUARANTINE, b"why\0"),
    ]
    for octet in b"".join(edits):
        assert client.receive(bytes([octet])) == b""
    assert client.receive(GO) == QUIT
    assert client.outcome == Answer(
        Action.QUARANTINE, ((b"A", b"1"), (b"B", b"2\n\t3"))
    )


def test_long_fields() -> None:
    """Of a long field is kept what a true one needs."""
    client = at(Command.END_OF_MESSAGE)
    client.receive(packet(Reply.ADD_FIELD, strings(b"A", b"1" * 100_000)))
    client.receive(packet(Reply.ADD_FIELD, b"B" * 100_000))
    client.receive(GO)
    assert client.outcome is not None
    for name, value in client.outcome.added:
        assert len(name) + len(value) <= MAX_ADDED_FIELD


def test_many_edits() -> None:
    """However many fields it adds, few are kept; an endless milter is none."""
    client = at(Command.END_OF_MESSAGE)
    client.receive(packet(Reply.ADD_FIELD, strings(b"A", b"1")) * MAX_EDITS)
    client.receive(packet(Reply.REJECT))
    assert client.outcome is not None
    assert len(client.outcome.added) == MAX_ADDED
    assert client.outcome.action is Action.REJECT
    with pytest.raises(ProtocolError, match="too many"):
        at(Command.END_OF_MESSAGE).receive(
            packet(Reply.DELETE_RECIPIENT, b"x\0") * (MAX_EDITS + 1)
        )


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"HTTP/1.1 400 Bad", "does not speak milter"),
        ((0).to_bytes(4, "big"), "does not speak milter"),
        ((MAX_PACKET + 1).to_bytes(4, "big"), "does not speak milter"),
        (packet(Reply.CONTINUE), "does not negotiate"),
        (packet(Reply.NEGOTIATE, b"short"), "does not negotiate"),
        (agreed(version=7), "not offered"),
        (agreed(version=1), "not offered"),
        (agreed(actions=0x100), "not offered"),
        (b"\0\0\0\x01?", "unknown reply"),
    ],
)
def test_no_milter(octets: bytes, reason: str) -> None:
    """Whoever does not speak so is an error with a sentence."""
    with pytest.raises(ProtocolError, match=reason):
        MilterClient(LETTER).receive(octets)


@pytest.mark.parametrize(
    "octets",
    [
        packet(Reply.ADD_FIELD, strings(b"A", b"1")),
        packet(Reply.SKIP),
        packet(Reply.NEGOTIATE, bytes(12)),
        packet(Reply.CODE, b"250 fine\0"),
        packet(Reply.CODE),
    ],
)
def test_out_of_place(octets: bytes) -> None:
    """A reply that does not fit is an error, never a clean message."""
    with pytest.raises(ProtocolError, match="a reply"):
        at(Command.MAIL).receive(octets)


def test_probe() -> None:
    """To negotiate is enough to know that it is there."""
    client = MilterClient(None)
    assert told(client.opening())[0][0] is Command.NEGOTIATE
    assert client.receive(agreed()) == QUIT
    assert client.outcome == Answer()


@given(st.binary(max_size=30), st.integers(1, 9))
def test_chunks(edges: bytes, shift: int) -> None:
    """Wherever a body is cut, its line ends are CRLF and its octets the same."""
    body = b"a" * (CHUNK // 2 - shift) + edges + b"\r\n\n\r" + b"b" * 10
    found = list(chunks(b"head" + body, 4))
    assert b"".join(found) == body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert all(0 < len(chunk) <= CHUNK for chunk in found)
    assert list(chunks(b"\r", 0)) in ([b"\r"], [b"", b"\r"])


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_only_protocol_error(pieces: list[bytes]) -> None:
    """Whatever arrives, nothing but `ProtocolError` comes out."""
    client = MilterClient(LETTER)
    try:
        client.receive(agreed())
        for piece in pieces:
            client.receive(packet(Reply.CONTINUE) + piece)
    except ProtocolError:
        assert client.outcome is None
