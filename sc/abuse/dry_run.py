"""What would be sent, as files for the operator to read: nothing leaves."""

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve, frozen
from twisted.internet.interfaces import IReactorTime

from sc.maillog import MailLog
from sc.model.report import ReportState, ReportStatus
from sc.offload import Offload
from sc.outbox.entry import NewReport
from sc.store.interface import StoreError

MAX_FILES = 1000
"""Mails that are kept; the oldest go first."""

MAX_AGE = 7 * 86400.0
"""Seconds for which they are kept: they hold other people's mail."""

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

    def _write(self, report: NewReport, now: float) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for old in _too_many(self.folder, now):
            old.unlink(missing_ok=True)
        path = self.folder / f"{report.id}.eml"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(report.mail)
        except OSError:
            path.unlink(missing_ok=True)  # half a mail would be taken for a whole one
            raise
        os.utime(path, (now, now))


def _too_many(folder: Path, now: float) -> Iterator[Path]:
    """What must go before one more comes: the old, and those above the number."""
    times = {path: path.stat().st_mtime for path in folder.glob("*.eml")}
    latest = sorted(times, key=lambda path: times[path], reverse=True)
    for number, path in enumerate(latest, 1):
        if number >= MAX_FILES or not now - MAX_AGE < times[path] <= now + MAX_AGE:
            yield path
