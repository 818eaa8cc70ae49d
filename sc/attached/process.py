"""How the child is started, by the daemon or by a command."""

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import sc
from sc.attached.exchange import MAX_ANSWER, question, read_answer
from sc.attached.kinds import Attachment
from sc.attached.settings import AttachedSettings
from sc.model.evidence import Attached

LATE = "there was no time left for it"


def command(settings: AttachedSettings) -> list[str]:
    """-P: nothing is imported from the working directory."""
    limits = [str(settings.memory), str(math.ceil(settings.timeout))]
    return [sys.executable, "-P", "-s", "-m", "sc.attached.child", *limits]


def environment() -> dict[str, str]:
    """The daemon's own may hold secrets."""
    return {"PYTHONPATH": str(Path(sc.__file__).parent.parent), "LC_ALL": "C.UTF-8"}


def read_now(
    attachments: Sequence[Attachment], settings: AttachedSettings
) -> tuple[Attached, ...]:
    """For commands: waits."""
    try:
        done = subprocess.run(  # noqa: S603 our own program
            command(settings),
            input=question(attachments),
            capture_output=True,
            env=environment(),
            cwd="/",
            timeout=settings.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as e:
        return read_answer(attachments, (e.stdout or b"")[:MAX_ANSWER], LATE)
    return read_answer(attachments, done.stdout[:MAX_ANSWER], "")
