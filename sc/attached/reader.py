"""Reads a message's attachments in a child, while the daemon goes on."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from sc.attached.exchange import MAX_ANSWER, question, read_answer
from sc.attached.kinds import Attachment, choose
from sc.attached.process import LATE, command, environment
from sc.attached.settings import AttachedSettings
from sc.model.evidence import Attached
from sc.model.message import Message
from sc.offload import Offload

AT_ONCE = 2
"""Children; each may take a core and `memory`."""


class AttachmentReader:
    """
    @ivar settings: a reload makes another reader.
    """

    _log = Logger("sc.attached")

    def __init__(
        self,
        settings: AttachedSettings,
        processes: IReactorProcess,
        clock: IReactorTime,
        offload: Offload,
    ) -> None:
        self.settings = settings
        self._processes = processes
        self._clock = clock
        self._offload = offload
        self._turns = DeferredSemaphore(AT_ONCE)

    async def read(self, message: Message) -> tuple[Attached, ...]:
        """What its attachments hold; what could not be read says why. Never fails."""
        settings = self.settings
        if not settings.kinds:
            return ()
        content = message.content
        attachments, warnings = await self._offload(
            len(content), choose, content, settings.kinds, settings.parts
        )
        over = tuple(Attached("", problem=warning) for warning in warnings)
        if not attachments:
            return over
        return await self._turns.run(self._ask, attachments, settings) + over

    def _ask(
        self, attachments: Sequence[Attachment], settings: AttachedSettings
    ) -> "Deferred[tuple[Attached, ...]]":
        return Deferred.fromCoroutine(self._talk(attachments, settings))

    async def _talk(
        self, attachments: Sequence[Attachment], settings: AttachedSettings
    ) -> tuple[Attached, ...]:
        child, program = Child(), command(settings)
        try:
            self._processes.spawnProcess(child, program[0], program, environment(), "/")
        except OSError as e:  # No more processes, descriptors or memory.
            why = f"its reader cannot be started: {e.strerror}"
            self._log.error("attachments are not read: {e}", e=e)
            return read_answer(attachments, b"", why)
        # The answer to a report's caller must not wait for a stuck child.
        late = self._clock.callLater(settings.timeout, child.kill, LATE)
        try:
            child.say(question(attachments))
            await child.ended
        finally:
            child.kill("")
            if late.active():
                late.cancel()
        said = bytes(child.said)
        return await self._offload(len(said), read_answer, attachments, said, child.why)


class Child(ProcessProtocol):
    """
    One process, in the daemon's eyes.

    @ivar said: all that it answered.
    @ivar why: we ended it.
    @ivar ended: fires when it is gone.
    """

    _log = Logger("sc.attached")

    def __init__(self) -> None:
        self.said = bytearray()
        self.why = ""
        self.ended: Deferred[None] = Deferred()

    def say(self, text: bytes) -> None:
        if self.transport is not None:
            self.transport.write(text)
            self.transport.closeStdin()

    def kill(self, why: str) -> None:
        """Nothing happens if it has ended."""
        self.why = self.why or why
        try:
            if self.transport is not None:
                self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            pass

    def outReceived(self, data: bytes) -> None:
        self.said += data
        if len(self.said) > MAX_ANSWER:
            del self.said[MAX_ANSWER:]
            self.kill("it holds too many links")

    def errReceived(self, data: bytes) -> None:
        """A library's complaint about a stranger's file is no news."""

    def processEnded(self, reason: Failure) -> None:
        if not self.ended.called:
            self.ended.callback(None)
