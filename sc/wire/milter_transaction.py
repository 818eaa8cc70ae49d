"""A message as the mail server's side of milter tells it to a filter, step by step."""

from collections.abc import Iterable, Iterator
from struct import pack

from attrs import frozen

from sc.model.envelope import Envelope
from sc.model.octets import Octets
from sc.wire.milter import CHUNK, Command, Steps, packet, strings


@frozen
class Transaction:
    """
    What a filter is shown.

    @ivar id: our id of the message, as the queue's.
    @ivar fields: name, and value still folded, without the final line end.
    @ivar body: where in the content it begins.
    """

    id: str
    envelope: Envelope
    fields: tuple[tuple[str, bytes], ...]
    content: Octets
    body: int


@frozen
class Step:
    """@ivar silent: the filter may have said that it does not reply to it."""

    command: Command
    octets: bytes
    left_out: Steps = Steps(0)
    silent: Steps = Steps(0)


def steps(t: Transaction, *, keeps_space: bool) -> Iterator[Step]:
    """All of a transaction, in the order of the protocol."""
    envelope = t.envelope
    yield Step(
        Command.CONNECT,
        packet(Command.CONNECT, _client(envelope)),
        Steps.NO_CONNECT,
        Steps.SILENT_CONNECT,
    )
    if envelope.helo:
        octets = packet(Command.HELO, strings(_line(envelope.helo)))
        yield Step(Command.HELO, octets, Steps.NO_HELO, Steps.SILENT_HELO)
    sender = strings(_path(envelope.sender or ""))
    octets = _macros(t) + packet(Command.MAIL, sender)
    yield Step(Command.MAIL, octets, Steps.NO_MAIL, Steps.SILENT_MAIL)
    for recipient in recipients(envelope):
        octets = packet(Command.RECIPIENT, strings(_path(recipient)))
        yield Step(
            Command.RECIPIENT, octets, Steps.NO_RECIPIENT, Steps.SILENT_RECIPIENT
        )
    yield from _header(t.fields, keeps_space=keeps_space)
    for chunk in chunks(t.content, t.body):
        octets = packet(Command.BODY, chunk)
        yield Step(Command.BODY, octets, Steps.NO_BODY, Steps.SILENT_BODY)
    yield Step(Command.END_OF_MESSAGE, packet(Command.END_OF_MESSAGE))


def recipients(envelope: Envelope) -> tuple[str, ...]:
    """Without one a filter expects no message; this one is always there."""
    return envelope.recipients or ("postmaster",)


def _header(
    fields: Iterable[tuple[str, bytes]], *, keeps_space: bool
) -> Iterator[Step]:
    for name, value in fields:
        shown = value if keeps_space else value.removeprefix(b" ")
        data = strings(name.encode("ascii"), shown.replace(b"\r\n", b"\n"))
        yield Step(
            Command.FIELD,
            packet(Command.FIELD, data),
            Steps.NO_FIELDS,
            Steps.SILENT_FIELD,
        )
    yield Step(
        Command.END_OF_HEADER,
        packet(Command.END_OF_HEADER),
        Steps.NO_END_OF_HEADER,
        Steps.SILENT_END_OF_HEADER,
    )


def chunks(content: Octets, start: int) -> Iterator[bytes]:
    """The body in pieces, its line ends CRLF; a bare LF becomes one."""
    size, held = CHUNK // 2, b""
    for offset in range(start, len(content), size):
        piece = held + content[offset : offset + size]
        # The LF that belongs to it may begin the next piece.
        held = b"\r" if piece.endswith(b"\r") else b""
        piece = piece[: len(piece) - len(held)]
        yield piece.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if held:
        yield held


def _client(envelope: Envelope) -> bytes:
    ip = envelope.client_ip
    if ip is None:
        return strings(b"localhost") + b"U"
    name = _line(envelope.client_name or f"[{ip}]")
    place = pack("!cH", b"%d" % ip.version, envelope.client_port or 0)
    return strings(name) + place + strings(str(ip).encode())


def _macros(t: Transaction) -> bytes:
    """What filters look for: the queue's id, and the user."""
    known = [b"i", t.id.encode(), b"{mail_addr}", _line(t.envelope.sender or "")]
    if t.envelope.user:
        known += [b"{auth_authen}", _line(t.envelope.user)]
    data = Command.MAIL.value + strings(*known)
    return packet(Command.MACROS, data)


def _path(address: str) -> bytes:
    return b"<" + _line(address) + b">"


def _line(text: str) -> bytes:
    """As octets that cannot begin another line."""
    octets = text.encode("utf-8", "replace")
    return octets.replace(b"\r", b"").replace(b"\n", b"")
