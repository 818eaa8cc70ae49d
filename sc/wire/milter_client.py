"""The mail server's side of milter: one message, step by step, to its end.

Each command waits for its reply, as mail servers do it, but where the filter said
that it gives none. Nothing that the filter asks for is done: what it would add to the
message, and what it would do with it, is the answer.
"""

from collections.abc import Iterator
from struct import pack, unpack_from

from attrs import evolve, frozen

from sc.model.decision import Action
from sc.wire.milter import (
    VERSION,
    Actions,
    Command,
    PacketReader,
    ProtocolError,
    Reply,
    Steps,
    packet,
)
from sc.wire.milter_transaction import Step, Transaction, recipients, steps

MAX_ADDED = 50
"""Fields of one message that are kept of those that the filter would add."""

MAX_ADDED_FIELD = 8192
"""Octets that are kept of each; results of a dozen signatures take 2,000."""

MAX_EDITS = 10_000
"""Of any kind; a filter that goes on and on has no end."""

OFFERED_ACTIONS = Actions(0xFF)
OFFERED_STEPS = (
    Steps.NO_CONNECT
    | Steps.NO_HELO
    | Steps.NO_MAIL
    | Steps.NO_RECIPIENT
    | Steps.NO_BODY
    | Steps.NO_FIELDS
    | Steps.NO_END_OF_HEADER
    | Steps.NO_UNKNOWN
    | Steps.NO_DATA
    | Steps.SKIP
    | Steps.LEADING_SPACE
)
QUIT = packet(Command.QUIT)

_SETTLED = {
    Reply.CONTINUE: Action.NO_ACTION,
    Reply.ACCEPT: Action.NO_ACTION,
    Reply.REJECT: Action.REJECT,
    Reply.TEMPFAIL: Action.SOFT_REJECT,
    # Nobody hears of such mail: we have no milder word for it.
    Reply.DISCARD: Action.REJECT,
}
_FIELDS = {Reply.ADD_FIELD: 0, Reply.INSERT_FIELD: 4}
"""What comes before the name: nothing, or the place as 32 bits."""


@frozen
class Answer:
    """
    @ivar action: what the filter would do with the message.
    @ivar added: name and value of the fields that it would add.
    """

    action: Action = Action.NO_ACTION
    added: tuple[tuple[bytes, bytes], ...] = ()


class MilterClient:
    """
    @ivar outcome: the filter's answer, once it is there.
    """

    def __init__(self, transaction: Transaction | None) -> None:
        """@param transaction: None: only ask whether it speaks milter."""
        self._transaction = transaction
        self._reader = PacketReader()
        self._steps: Iterator[Step] | None = None
        self._flags = Steps(0)
        self._now = Command.NEGOTIATE
        self._skipping = False
        self._edits = 0
        self._refusals: list[Action] = []
        self._found = Answer()
        self.outcome: Answer | None = None

    def opening(self) -> bytes:
        """The first octets."""
        offer = pack("!III", VERSION, OFFERED_ACTIONS, OFFERED_STEPS)
        return packet(Command.NEGOTIATE, offer)

    def receive(self, octets: bytes) -> bytes:
        """
        What is to be sent next; the last words once there is an outcome.

        @raise ProtocolError: this is no milter, or one that we cannot serve.
        """
        answer = b""
        for code, data in self._reader.feed(octets):
            try:
                reply = Reply(code)
            except ValueError:
                raise ProtocolError("it gives an unknown reply") from None
            answer += self._replied(reply, data)
            if self.outcome is not None:
                return QUIT
        return answer

    def more(self) -> bytes:
        """Nothing: each piece waits for the reply to the last one."""
        return b""

    def _replied(self, reply: Reply, data: bytes) -> bytes:
        if self._now is Command.NEGOTIATE:
            return self._negotiated(reply, data)
        if reply is Reply.CODE:
            reply = _by_code(data)
        if self._ends_step(reply):
            return self._go_on()
        if self._now is Command.RECIPIENT and reply in (Reply.REJECT, Reply.TEMPFAIL):
            return self._refused(_SETTLED[reply])
        if reply in _SETTLED:
            self._settle(_SETTLED[reply])
        elif reply is not Reply.PROGRESS:
            self._edit(reply, data)
        return b""

    def _ends_step(self, reply: Reply) -> bool:
        """Whether the next command is due."""
        if reply is Reply.SKIP and self._now is Command.BODY:
            self._skipping = True
            return True
        return reply is Reply.CONTINUE and self._now is not Command.END_OF_MESSAGE

    def _refused(self, action: Action) -> bytes:
        """One recipient; where none is left, mail servers ask for no message."""
        assert self._transaction is not None, "a probe tells of no recipient"
        self._refusals.append(action)
        if len(self._refusals) < len(recipients(self._transaction.envelope)):
            return self._go_on()
        # Who may come again for one of them shall come again.
        self._settle(min(self._refusals, key=lambda refusal: refusal.severity))
        return b""

    def _negotiated(self, reply: Reply, data: bytes) -> bytes:
        if reply is not Reply.NEGOTIATE or len(data) < 12:
            raise ProtocolError("it does not negotiate")
        version, actions, flags = unpack_from("!III", data)
        if not 2 <= version <= VERSION or actions & ~int(OFFERED_ACTIONS):
            raise ProtocolError("it asks for what was not offered")
        if self._transaction is None:
            self.outcome = Answer()
            return b""
        self._flags = Steps(flags & 0x7FFFFFFF)
        keeps_space = Steps.LEADING_SPACE in self._flags
        self._steps = steps(self._transaction, keeps_space=keeps_space)
        return self._go_on()

    def _go_on(self) -> bytes:
        """The next commands, up to one that has a reply."""
        assert self._steps is not None, "only after negotiation"
        octets = bytearray()
        for step in self._steps:
            if step.left_out & self._flags:
                continue
            if self._skipping and step.command is Command.BODY:
                continue
            octets += step.octets
            self._now = step.command
            if not step.silent & self._flags:
                break
        return bytes(octets)

    def _edit(self, reply: Reply, data: bytes) -> None:
        self._edits += 1
        if self._now is not Command.END_OF_MESSAGE or reply is Reply.NEGOTIATE:
            raise ProtocolError("it gives a reply that does not fit")
        if self._edits > MAX_EDITS:
            raise ProtocolError("it asks for too many changes")
        if reply is Reply.QUARANTINE:
            self._found = evolve(self._found, action=Action.QUARANTINE)
        elif reply in _FIELDS and len(self._found.added) < MAX_ADDED:
            start = _FIELDS[reply]
            name, _, value = data[start : start + MAX_ADDED_FIELD].partition(b"\0")
            added = (*self._found.added, (name, value.partition(b"\0")[0]))
            self._found = evolve(self._found, added=added)

    def _settle(self, action: Action) -> None:
        if action.severity < self._found.action.severity:
            action = self._found.action
        self.outcome = evolve(self._found, action=action)


def _by_code(data: bytes) -> Reply:
    """`550 5.7.1 text`; the text is a stranger's, perhaps."""
    kinds = {b"4": Reply.TEMPFAIL, b"5": Reply.REJECT}
    reply = kinds.get(data[:1])
    if reply is None:
        raise ProtocolError("it gives a reply code that is none")
    return reply
