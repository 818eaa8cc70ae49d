"""The daemon's life: open or fail at once, announce, reload, drain.

A port in use, a second daemon on the state folder or a damaged store end it before
it has started: half alive is worse than down.
"""

import signal
from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from sc.abuse.reports.signing_keys import SigningKeyError
from sc.config.load import Source
from sc.config.problems import ConfigError
from sc.config.schema import Config, load
from sc.listeners.endpoint import ListenError
from sc.scan.list_file import ListFileError
from sc.service.announce import announce
from sc.service.build import Parts, build
from sc.service.changes import needs_restart
from sc.service.identity import acting_as
from sc.service.surroundings import Surroundings
from sc.store.interface import StoreError
from sc.store.state_dir import StateDir, StateDirError, choose_state_dir

CANNOT_START = (
    ListenError,
    ListFileError,
    SigningKeyError,
    StateDirError,
    StoreError,
)
"""What the operator is told in one line."""


class StartError(Exception):
    """The daemon cannot start; the text says why and what to do."""


class Daemon(Service):
    """Everything, from the configuration on."""

    _log = Logger("sc")

    def __init__(
        self, source: Source, config: Config, surroundings: Surroundings
    ) -> None:
        self._source, self._config, self._around = source, config, surroundings
        folder = choose_state_dir(config.state_dir, surroundings.environ)
        self._state = StateDir(folder)
        self._parts: Parts | None = None
        self._started: Deferred[None] | None = None

    def privilegedStartService(self) -> None:
        """Lock the state, open the store and the doors; ports below 1024 work here."""
        super().privilegedStartService()
        self._open()

    def startService(self) -> None:
        super().startService()
        parts = self._parts or self._open()
        self._started = Deferred.fromCoroutine(self._start(parts))
        self._started.addErrback(self._fail)
        self._catch(signal.SIGHUP, self.reload)

    def stopService(self) -> Deferred[None]:
        """Each part has its own bound, so this ends."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def _open(self) -> Parts:
        try:
            with acting_as(self._around.uid, self._around.gid):
                self._state.lock()
                parts = build(self._config, self._around, self._state)
                parts.base.scratch.clear()
                parts.base.store.open()
            for door in parts.doors.values():
                door.privilegedStartService()
        except CANNOT_START as e:
            raise self._refusal(str(e)) from None
        self._parts = parts
        return parts

    def _refusal(self, text: str) -> BaseException:
        """In the foreground one line and exit 1; in the background twistd's way."""
        if self._around.foreground:
            return SystemExit(f"sc: cannot start: {text}")
        return StartError(text)

    async def _start(self, parts: Parts) -> None:
        await parts.start()
        if self._parts is None:
            return  # stopped while a first probe ran
        announce(
            self._log,
            self._source,
            self._state.folder,
            self._config.listeners,
            parts.statuses(),
        )

    def _fail(self, failure: object) -> None:
        if self._parts is None:
            return  # cut off by the stop itself
        self._log.failure("cannot start", failure)  # type: ignore[arg-type]
        self._around.reactor.stop()

    async def _stop(self) -> None:
        parts, self._parts = self._parts, None
        if parts is None:
            return
        if self._started is not None:
            self._started.cancel()
        self._log.info("stopping: doors close, messages inside are finished")
        await parts.stop()
        self._state.unlock()
        self._log.info("stopped")

    def reload(self) -> None:
        """SIGHUP: read the file again; on an error nothing changes."""
        try:
            config = load(self._source)
        except ConfigError as e:
            self._log.error(
                "configuration not reloaded, the old one stays:\n{errors}", errors=e
            )
            return
        if self._parts is None:
            return
        restart = needs_restart(self._config, config)
        self._config = self._parts.adopt(self._config, config)
        self._log.info("configuration reloaded from {source}", source=self._source.name)
        for path in restart:
            self._log.warn("{path} changed: restart to use it", path=path)

    def _catch(self, number: signal.Signals, work: Callable[[], None]) -> None:
        def caught(_number: int, _frame: object) -> None:
            self._around.reactor.callFromThread(work)

        signal.signal(number, caught)
