"""sc.abuse.reports.dry_run: files for the operator, bounded, and whole or not there."""

import os
from pathlib import Path

import pytest
from attrs import evolve
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from sc.abuse.reports.dry_run import MAX_AGE, MAX_FILES, PRUNE, REASON, DryRun
from sc.maillog import MailLog
from sc.model.report import ReportState
from sc.store.interface import StoreError
from tests.fakes.inline_threads import INLINE
from tests.fakes.outbox import NOW, report


def dry_run(folder: Path, now: float = NOW) -> DryRun:
    clock = Clock()
    clock.advance(now)
    return DryRun(folder / "dry-run", clock, INLINE, MailLog())


async def test_written(tmp_path: Path) -> None:
    """The mail as it would be sent, readable by nobody else."""
    here = dry_run(tmp_path)
    status = await here.add(evolve(report(), id="r1"))
    assert (status.state, status.reason) == (ReportState.SUPPRESSED, REASON)
    path = here.folder / "r1.eml"
    assert path.read_bytes() == report().mail
    assert (path.stat().st_mode & 0o777, here.folder.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )


async def test_number(tmp_path: Path) -> None:
    """The oldest go first, and only mails of ours."""
    here = dry_run(tmp_path)
    here.folder.mkdir()
    (here.folder / "notes").touch()
    for number in range(MAX_FILES + 3):
        path = here.folder / f"old{number}.eml"
        path.touch()
        os.utime(path, (NOW - number, NOW - number))
    await here.add(evolve(report(), id="new"))
    left = {path.name for path in here.folder.iterdir()}
    assert len(left) == MAX_FILES + 1
    assert {"notes", "new.eml", "old0.eml"} <= left
    assert f"old{MAX_FILES}.eml" not in left


@pytest.mark.parametrize("age", [MAX_AGE, -365 * 86400.0])
async def test_age(tmp_path: Path, age: float) -> None:
    """Mails go after a week, also those of a clock that was ahead."""
    here = dry_run(tmp_path)
    await here.add(evolve(report(), id="old"))
    os.utime(here.folder / "old.eml", (NOW - age, NOW - age))
    await here.add(evolve(report(), id="new"))
    assert [path.name for path in here.folder.iterdir()] == ["new.eml"]


async def test_full_disk(tmp_path: Path) -> None:
    """What cannot be written is told, and half a mail does not stay."""
    here = dry_run(tmp_path, Path("/dev/full").stat().st_mtime)
    here.folder.mkdir()
    (here.folder / "r1.eml").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left"):
        await here.add(evolve(report(), id="r1"))
    assert list(here.folder.iterdir()) == []


async def test_pruned(tmp_path: Path) -> None:
    """Mails go after a week also if no other dry run comes."""
    here = dry_run(tmp_path)
    clock, pruning = here.clock, here.pruning()
    assert isinstance(clock, Clock)
    pruning.start(PRUNE)
    await here.add(evolve(report(), id="old"))
    clock.pump([PRUNE] * 24 * 7)
    assert list(here.folder.iterdir()) == []
    (here.folder / "dir.eml").mkdir()
    os.utime(here.folder / "dir.eml", (NOW, NOW))
    with capturedLogs() as events:
        clock.pump([PRUNE])
    assert "cannot be deleted from" in formatEvent(events[0])
    pruning.stop()


async def test_read_again(tmp_path: Path) -> None:
    """For `scctl report --arf`; an id is no path."""
    taking = dry_run(tmp_path)
    (tmp_path / "secret.eml").write_bytes(b"x")
    assert await taking.mail("r1") is None
    status = await taking.add(evolve(report(), id="r1"))
    assert await taking.mail(status.id) == report().mail
    for name in ("../secret", "/etc/passwd", "", "r1\n", "x" * 300, "r1.eml"):
        assert await taking.mail(name) is None
