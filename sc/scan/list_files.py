"""Keeps both lists true to the settings and to their files, while the daemon runs."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.offload import Offload
from sc.scan.list_entry import Entry
from sc.scan.list_file import MAX_OCTETS, ListFileError, read_list
from sc.scan.list_settings import ListsSettings
from sc.scan.list_table import Table
from sc.scan.lists import HeldTables, Tables


@frozen
class _File:
    """
    @ivar stamp: tells whether it was changed; None: it is not there.
    @ivar error: why its entries are those of an older one, or none.
    """

    stamp: tuple[int, int, int] | None
    entries: tuple[Entry, ...] = ()
    error: str = ""


@frozen
class _Read:
    """
    @ivar changed: the tables are others than before.
    @ivar wrong: the files that cannot be used, and were not told of yet.
    """

    files: Mapping[str, _File]
    tables: Tables
    changed: bool
    wrong: tuple[str, ...]


class ListFiles:
    """@ivar held: what holds now."""

    _log = Logger()

    def __init__(
        self, settings: ListsSettings, clock: IReactorTime, offload: Offload
    ) -> None:
        self.held = HeldTables()
        self._settings, self._clock, self._offload = settings, clock, offload
        self._files: Mapping[str, _File] = {}
        self._looking: LoopingCall | None = None

    def load(self) -> None:
        """@raise ListFileError: a file cannot be used; half a list is none."""
        read = _read(self._settings, {}, self.held.now)
        if read.wrong:
            raise ListFileError(read.files[read.wrong[0]].error)
        self._files, self.held.now = read.files, read.tables

    def start(self, *, now: bool = False) -> None:
        """Look at the files from time to time."""
        self._looking = LoopingCall(lambda: Deferred.fromCoroutine(self._look()))
        self._looking.clock = self._clock
        self._looking.start(self._settings.refresh, now=now)

    def stop(self) -> None:
        if self._looking is not None and self._looking.running:
            self._looking.stop()

    def adopt(self, settings: ListsSettings) -> None:
        """New settings: they hold when all files were looked at, in a moment."""
        self.stop()
        self._settings = settings
        self.start(now=True)

    def about(self, what: str) -> tuple[tuple[str, Entry], ...]:
        """What would count now for an address or a user, and on which list."""
        return tuple(self.held.now.about(what, self._clock.seconds()))

    async def _look(self) -> None:
        """Read what has changed; a file that is wrong keeps its old entries."""
        settings = self._settings
        try:
            read = await self._offload(
                MAX_OCTETS, _read, settings, self._files, self.held.now
            )
        except Exception:  # noqa: BLE001 the next look must come
            self._log.failure("cannot look at the lists; the old entries stay")
            return
        if settings is not self._settings:
            return  # A reload was faster, and looks for itself.
        for path in read.wrong:
            self._tell(read.files[path])
        self._files = read.files
        if read.changed:
            self.held.now = read.tables
            self._log.info("lists: {n} entries", n=read.tables.count)

    def _tell(self, file: _File) -> None:
        none = "no entry of it counts; mend it"
        rest = "its old entries stay" if file.entries else none
        self._log.error("{error}; {rest}", error=file.error, rest=rest)


def _read(settings: ListsSettings, known: Mapping[str, _File], before: Tables) -> _Read:
    """In a thread: files may be large, and on a disk that is slow."""
    wrong: list[str] = []
    files = {
        path: _file(path, known.get(path, _File(None)), wrong)
        for path in settings.files
    }
    tables = Tables(
        _table(settings.allowed, settings.allow_files, files),
        _table(settings.denied, settings.deny_files, files),
    )
    return _Read(files, tables, tables != before, tuple(wrong))


def _file(path: str, old: _File, wrong: list[str]) -> _File:
    """What is wrong is told once for each change."""
    stamp = _stamp(path)
    if stamp is not None and stamp == old.stamp:
        return old
    try:
        return _File(stamp, read_list(path))
    except ListFileError as e:
        if str(e) != old.error or stamp != old.stamp:
            wrong.append(path)
        return evolve(old, stamp=stamp, error=str(e))


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _table(
    inline: Iterable[Entry], paths: Iterable[str], files: Mapping[str, _File]
) -> Table:
    return Table.of([*inline, *(e for path in paths for e in files[path].entries)])
