"""The SMTP and LMTP machine: dialogues, limits, order."""

import pytest

from sc.wire.smtp import Reply
from sc.wire.smtp_data import DataFault
from sc.wire.smtp_event import (
    DataAsked,
    DataReceived,
    MailGiven,
    MessageEnded,
    RcptGiven,
    ServerLimits,
)
from sc.wire.smtp_server import COMMAND_LINE
from tests.fakes.smtp_codec import feed, machine, pump
from tests.fakes.smtp_dialog import Dialog, dialogs

OPENING = b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"


@pytest.mark.parametrize("dialog", dialogs(), ids=lambda d: d.name)
class TestDialogs:
    def test_turns(self, dialog: Dialog) -> None:
        """Each turn of a dialogue gets its answer, octet for octet."""
        server = machine(dialog.protocol)
        for turn in dialog.turns:
            _, said = feed(server, [turn.sent])
            assert said == turn.expected

    def test_octet_by_octet(self, dialog: Dialog) -> None:
        """A slow client gets the same answers."""
        server = machine(dialog.protocol)
        sent = b"".join(turn.sent for turn in dialog.turns)
        _, said = feed(server, [bytes([octet]) for octet in sent])
        assert said == b"".join(turn.expected for turn in dialog.turns)


@pytest.mark.parametrize("name", ["lmtp/pipelining", "smtp/smuggling"])
def test_every_split(name: str) -> None:
    """A pipelined session may be cut anywhere, in a CRLF or around the dot too."""
    (dialog,) = [d for d in dialogs() if d.name == name]
    sent = b"".join(turn.sent for turn in dialog.turns)
    expected = b"".join(turn.expected for turn in dialog.turns)
    for cut in range(len(sent)):
        assert feed(machine(dialog.protocol), [sent[:cut], sent[cut:]])[1] == expected


def test_events() -> None:
    """A message comes out as its envelope, its octets and its end."""
    events, _ = feed(machine(), [OPENING + b"Subject: x\r\n\r\n..\r\n.\r\nNOOP\r\n"])
    assert events == [
        MailGiven("a@b"),
        RcptGiven("c@d"),
        DataAsked(),
        DataReceived(b"Subject: x\r\n\r\n.\r\n"),
        MessageEnded(17),
    ]


def test_nothing_overtakes_a_message() -> None:
    """Commands behind the final dot wait until the message is answered."""
    server = machine()
    pump(server)
    server.receive_data(OPENING[:-6])
    pump(server)
    server.receive_data(b"DATA\r\nx\r\n.\r\nQUIT\r\n")
    server.next_event()
    server.answer(Reply(354, ("go",)))
    assert [type(server.next_event()) for _ in range(2)] == [DataReceived, MessageEnded]
    server.data_to_send()
    assert server.next_event() is None
    assert server.buffered == len("QUIT\r\n")
    server.answer(Reply(250, ("2.0.0 ok",)))
    assert server.next_event() is None
    assert server.data_to_send() == b"250 2.0.0 ok\r\n221 2.0.0 bye\r\n"
    assert server.closing
    assert not server.receiving


@pytest.mark.parametrize(("extra", "code"), [(-1, b"250"), (0, b"250"), (1, b"500")])
def test_command_line_limit(extra: int, code: bytes) -> None:
    """A command line of 2048 octets is taken, one of 2049 is answered once."""
    line = b"NOOP " + b"x" * (COMMAND_LINE - 7 + extra) + b"\r\n"
    for chunks in ([line], [bytes([octet]) for octet in line]):
        server = machine()
        server.data_to_send()
        _, said = feed(server, chunks)
        assert said[:3] == code
        assert said.count(b"\r\n") == 1


def test_endless_command_line() -> None:
    """A line that never ends takes no memory, and the next one is understood."""
    server = machine()
    feed(server, [b"x" * 65536] * 20)
    assert server.buffered <= 1
    _, said = feed(server, [b"\r", b"\nNOOP\r\n"])
    assert said == b"500 5.5.2 line too long\r\n250 2.0.0 ok\r\n"


@pytest.mark.parametrize(("extra", "code"), [(0, b"250"), (1, b"552")])
def test_declared_size(extra: int, code: bytes) -> None:
    """SIZE over the limit is refused before the message comes."""
    server = machine(limits=ServerLimits(max_message=1000))
    command = f"HELO x\r\nMAIL FROM:<a@b> SIZE={1000 + extra}\r\n"
    assert feed(server, [command.encode()])[1].splitlines()[-1][:3] == code


@pytest.mark.parametrize(
    ("size", "fault"), [(999, None), (1000, None), (1001, DataFault.TOO_LARGE)]
)
def test_counted_size(size: int, fault: DataFault | None) -> None:
    """What the client did not declare is counted, dots that were stuffed not."""
    server = machine(limits=ServerLimits(max_message=1000))
    data = b"..\r\n" + b"x" * (size - 5) + b"\r\n.\r\n"
    events, said = feed(server, [OPENING, data, b"NOOP\r\n"])
    assert events[-1] == MessageEnded(size, fault)
    assert said.endswith(b"250 2.0.0 ok\r\n")


@pytest.mark.parametrize("cut", [1, 7, 998, 100_000])
def test_long_line_does_not_end_the_message(cut: int) -> None:
    """A line over the limit is dropped, and answered once, at the end of data."""
    server = machine(limits=ServerLimits(max_line=1000))
    data = b"a\r\n" + b"x" * 1001 + b"\r\nRSET\r\nb\r\n.\r\n"
    chunks = [data[i : i + cut] for i in range(0, len(data), cut)]
    server.data_to_send()
    events, said = feed(server, [OPENING, *chunks])
    assert events[-1] == MessageEnded(len(data) - 3, DataFault.LINE_TOO_LONG)
    assert said.count(b"\r\n") == 5


def test_recipient_limit() -> None:
    """Recipients over the limit are asked to come later; the rest go on."""
    server = machine("lmtp", ServerLimits(max_recipients=2, max_errors=3))
    feed(server, [b"LHLO x\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<a>\r\n" * 2])
    _, said = feed(server, [b"RCPT TO:<a>\r\n" * 5 + b"DATA\r\n.\r\n"])
    assert said.splitlines() == [
        *[b"452 4.5.3 too many recipients"] * 5,
        b"354 end data with <CR><LF>.<CR><LF>",
        *[b"250 2.0.0 taken"] * 2,
    ]


def test_flood_of_recipients() -> None:
    """100,000 recipients cost one reply each, and no memory."""
    server = machine("lmtp", ServerLimits(max_recipients=100))
    feed(server, [b"LHLO x\r\nMAIL FROM:<>\r\n"])
    _, said = feed(server, [b"RCPT TO:<a@example.org>\r\n" * 1000] * 100)
    assert said.count(b"250 2.1.5") == 100
    assert said.count(b"452 4.5.3") == 99_900
    assert server.buffered == 0


def test_long_address() -> None:
    """An address that no client could pass on is refused."""
    server = machine()
    address = b"a" * 1995 + b"@example.org"
    _, said = feed(server, [b"HELO x\r\nMAIL FROM:<" + address + b">\r\n"])
    assert said.endswith(b"501 5.1.7 bad address syntax\r\n")


def test_refused_recipient_and_data() -> None:
    """What the session refuses is not part of the transaction."""
    server = machine("lmtp")
    server.receive_data(b"LHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
    server.next_event()
    server.answer(Reply(451, ("4.3.0 not now",)))
    assert server.next_event() is None
    said = server.data_to_send()
    assert said.endswith(
        b"451 4.3.0 not now\r\n503 5.5.1 MAIL first\r\n503 5.5.1 no valid recipient\r\n"
    )


def test_refused_data() -> None:
    """After a refused DATA the client speaks commands again."""
    server = machine()
    server.receive_data(OPENING + b"NOOP\r\n")
    for reply in ("250 ok", "250 ok", "452 4.3.1 full"):
        server.next_event()
        server.answer(Reply(int(reply[:3]), (reply[4:],)))
    assert server.next_event() is None
    assert not server.receiving
    assert server.data_to_send().endswith(b"452 4.3.1 full\r\n250 2.0.0 ok\r\n")


def test_one_reply_for_each_recipient() -> None:
    """LMTP gives each recipient its own answer, in the order of RCPT."""
    server = machine("lmtp")
    feed(server, [b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\n"])
    server.receive_data(b"DATA\r\n.\r\n")
    server.next_event()
    server.answer(Reply(354, ("go",)))
    server.next_event()
    server.data_to_send()
    server.answer(Reply(250, ("2.0.0 a",)), Reply(550, ("5.0.0 b",)))
    assert server.data_to_send() == b"250 2.0.0 a\r\n550 5.0.0 b\r\n"


def test_answer_without_question() -> None:
    """An answer too many is our bug, not a reply."""
    with pytest.raises(AssertionError):
        machine().answer(Reply(250, ("ok",)))


def test_closed_twice() -> None:
    """Goodbye is said once, and what comes after it is not read."""
    server = machine()
    server.data_to_send()
    server.close(Reply(421, ("4.3.2 stopping",)))
    server.close(Reply(421, ("4.3.2 stopping",)))
    assert feed(server, [b"NOOP\r\n"]) == ([], b"421 4.3.2 stopping\r\n")
