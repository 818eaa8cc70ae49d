"""Programs that scanners start, as shell scripts; they can fail in the seven ways."""

from pathlib import Path

from attrs import evolve
from twisted.internet import reactor  # noqa: TID251 the tests' reactor
from twisted.internet.task import deferLater

from sc.programs.scratch import Scratch
from sc.scanners.ground import Ground
from tests.fakes.faults import Fault
from tests.fakes.ground import ground
from tests.fakes.inline_offload import inline


def script(folder: Path, text: str) -> Path:
    """An executable shell script."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def answering(folder: Path, out: str, code: int) -> Path:
    """Reads the message and answers."""
    return script(folder, f"cat > /dev/null\nprintf '%s' '{out}'\nexit {code}")


def failing(folder: Path, fault: Fault, out: str, code: int) -> Path:
    """One that would answer so, but for the fault."""
    if fault is Fault.REFUSE:
        return folder / "program"
    return script(
        folder,
        {
            Fault.HANG: "exec sleep 1000",
            Fault.RESET: "kill -KILL $$",
            Fault.GARBAGE: "printf '\\025\\003\\377\\376<\\200>;{garbage'; exit 42",
            Fault.TRUNCATE: f"printf '%s' '{out[: len(out) // 2]}'; kill -TERM $$",
            Fault.DRIP: "while :; do printf x; sleep 0.1; done",
            Fault.OVERSIZE: f"printf '%s' '{out}'; cat /dev/zero; exit {code}",
        }[fault],
    )


async def let_go() -> None:
    """Let the reactor close the pipes of what was killed."""
    await deferLater(reactor, 0.02)


def processes(folder: Path) -> Ground:
    """What scanners stand on, with real processes; nothing may be left in `folder`."""
    scratch = Scratch(folder / "scratch", inline())
    return evolve(ground(), reactor=reactor, scratch=scratch)
