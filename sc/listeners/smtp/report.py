"""Take a message as a report of abuse: 250 when it is committed, not before."""

from typing import Protocol

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from sc.flow import SendingNotConfiguredError
from sc.model.message import Message
from sc.model.report import ReportRequest
from sc.store.interface import StoreError
from sc.wire.smtp import Reply

NOT_CONFIGURED = Reply(451, ("4.3.5 abuse_report is not configured, nothing is sent",))


class Accepting(Protocol):
    """The part of flow that is used here."""

    async def accept_report(self, message: Message, request: ReportRequest) -> None:
        """@raise SendingNotConfiguredError: nothing can be sent."""
        ...


@frozen
class Report:
    flow: Accepting
    log: Logger = field(factory=Logger)

    async def answer(self, message: Message, caller: str) -> Reply:
        """One reply for the message, whoever its recipients are."""
        request = ReportRequest(send=True, caller=caller)
        work = Deferred.fromCoroutine(self.flow.accept_report(message, request))
        try:
            await self._shielded(work, message.id)
        except SendingNotConfiguredError:
            return NOT_CONFIGURED
        return Reply(250, (f"2.0.0 report taken {message.id}",))

    def _shielded(self, work: Deferred[None], message_id: str) -> Deferred[None]:
        """Wait for work that goes on when the client leaves."""
        waiting: Deferred[None] = Deferred()

        def end(outcome: Failure | None) -> None:
            if not waiting.called:
                waiting.callback(outcome)
            elif isinstance(outcome, Failure) and not outcome.check(CancelledError):
                self._tell(outcome, message_id)

        work.addBoth(end)
        return waiting

    def _tell(self, failure: Failure, message_id: str) -> None:
        """Nobody waits for this reply any more."""
        if failure.check(StoreError):
            text = "{id} is not taken, and its client had left: {e}"
            self.log.error(text, id=message_id, e=failure.value)
        else:
            text = "report of {id} failed without its client"
            self.log.failure(text, failure, id=message_id)
