"""What would be sent, as files for the operator to read: nothing leaves."""

import os
import re
from pathlib import Path

from attrs import evolve, frozen
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from sc.maillog import MailLog
from sc.model.report import ReportState, ReportStatus
from sc.offload import INLINE, Offload
from sc.outbox.entry import NewReport
from sc.store.interface import StoreError

MAX_FILES = 1000
"""Mails that are kept; the oldest go first."""

PRUNE = 3600.0
"""Seconds between two looks for mails that are too old."""

MAX_AGE = 7 * 86400.0
"""Seconds for which they are kept: they hold other people's mail."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

REASON = "dry run: written for the operator, not sent"


@frozen
class DryRun:
    """
    Takes reports in the outbox's place. It knows neither repeats nor rates.

    @ivar folder: made when the first one comes.
    """

    folder: Path
    clock: IReactorTime
    offload: Offload
    maillog: MailLog
    _log: Logger = Logger("sc.abuse")

    def pruning(self) -> LoopingCall:
        """Not started: deletes what is too old, also when nothing more comes."""
        call = LoopingCall(self._prune)
        call.clock = self.clock
        return call

    async def add(self, report: NewReport) -> ReportStatus:
        """
        Return when its mail is a file, named by its id.

        @raise StoreError: it cannot be written.
        """
        now = self.clock.seconds()
        try:
            await self.offload(len(report.mail), self._write, report, now)
        except OSError as e:
            raise StoreError(f"dry run: {e}") from e
        status = ReportStatus(report.id, report.contact, ReportState.SUPPRESSED, REASON)
        told = evolve(status, reason=f"dry run: {self.folder.name}/{report.id}.eml")
        self.maillog.reported(report.message_id, told, report.evidence)
        return status

    async def mail(self, report_id: str) -> bytes | None:
        """What was written down under this id; None: nothing, or no longer."""
        if not _ID.fullmatch(report_id):  # A path of a stranger's choice.
            return None
        path = self.folder / f"{report_id}.eml"
        try:
            return await self.offload(INLINE + 1, path.read_bytes)
        except OSError:
            return None

    def _prune(self) -> None:
        try:
            _prune(self.folder, self.clock.seconds(), MAX_FILES)
        except OSError as e:
            text = "old mails of dry runs cannot be deleted from {folder}: {e}"
            self._log.error(text, folder=self.folder, e=e)

    def _write(self, report: NewReport, now: float) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        _prune(self.folder, now, MAX_FILES - 1)
        path = self.folder / f"{report.id}.eml"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(report.mail)
        except OSError:
            path.unlink(missing_ok=True)  # half a mail would be taken for a whole one
            raise
        os.utime(path, (now, now))


def _prune(folder: Path, now: float, keep: int) -> None:
    """Delete the old ones, and those above the number."""
    times = {path: path.stat().st_mtime for path in folder.glob("*.eml")}
    latest = sorted(times, key=lambda path: times[path], reverse=True)
    for number, path in enumerate(latest):
        if number >= keep or not now - MAX_AGE < times[path] <= now + MAX_AGE:
            path.unlink(missing_ok=True)
