"""What Exim and Haraka write above a message."""

import pytest

from sc.wire.spamd_preamble import MAX_PREAMBLE, Preamble, PreambleReader

MBOX = b"From MAILER-DAEMON Fri Nov 20 15:39:55 2026\n"
MESSAGE = b"Received: x\n\ntext\n"


def read(octets: bytes, size: int = 0) -> tuple[Preamble, bytes]:
    """The preamble, and the message without it; fed in pieces of `size`."""
    reader = PreambleReader()
    size = size or len(octets) or 1
    pieces = [octets[n : n + size] for n in range(0, len(octets), size)]
    message = b"".join(map(reader.feed, pieces)) + reader.finish()
    return reader.preamble, message


@pytest.mark.parametrize("size", [0, 1, 7])
async def test_exim(size: int) -> None:
    """Exim's lines tell the envelope; a quoted comma does not end an address."""
    to = b'X-Envelope-To: "b, c"@example.net, d@example.net\n'
    sent = MBOX + b"X-Envelope-From: <a@example.org>\n" + to + MESSAGE
    rcpts = ('"b, c"@example.net', "d@example.net")
    preamble = Preamble("exim", "a@example.org", rcpts)
    assert read(sent, size) == (preamble, MESSAGE)


async def test_exim_null_sender() -> None:
    """Without X-Envelope-From the sender is the null sender."""
    preamble, message = read(MBOX + b"X-Envelope-To: b@example.net\n" + MESSAGE)
    assert (preamble.sender, message) == ("", MESSAGE)


@pytest.mark.parametrize("size", [0, 1, 7])
async def test_haraka(size: int) -> None:
    """Haraka tells its id, and whether the client may relay."""
    sent = (
        b"X-Envelope-From: a@example.org\r\nX-Haraka-UUID: U.1\r\n"
        b"X-Haraka-Relay: true\r\n"
    ) + MESSAGE
    preamble = Preamble("haraka", "a@example.org", (), "U.1", relaying=True)
    assert read(sent, size) == (preamble, MESSAGE)


async def test_haraka_stranger() -> None:
    """Without X-Haraka-Relay the client is a stranger; no sender is unknown."""
    preamble, _ = read(b"X-Haraka-UUID: U.1\r\n" + MESSAGE)
    assert preamble == Preamble("haraka", None, (), "U.1")


@pytest.mark.parametrize(
    "sent",
    [
        MESSAGE,
        b"",
        b"F",
        MBOX + MESSAGE,
        MBOX,
        b"From alice@example.org Fri Nov 20 15:39:55 2026\n" + MESSAGE,
        b"X-Envelope-From: <a@example.org>\n" + MESSAGE,
        b"X-Envelope-To: <a@example.org>\n" + MESSAGE,
        MBOX + b"X-Haraka-UUID: U.1\n" + MESSAGE,
        b"Received: x\nX-Haraka-UUID: U.1\n" + MESSAGE,
    ],
)
async def test_part_of_the_message(sent: bytes) -> None:
    """Whatever is not the whole pattern of one of both stays where it is."""
    assert read(sent, 3) == (Preamble(), sent)


async def test_large() -> None:
    """A line without end is held back up to the limit only."""
    reader = PreambleReader()
    sent = MBOX + b"X-Envelope-To: " + b"x" * MAX_PREAMBLE
    assert reader.feed(sent) == sent
    assert reader.feed(b"more") == b"more"
